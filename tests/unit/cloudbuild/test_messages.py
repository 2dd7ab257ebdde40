"""What a mistaken user reads: the found, the expected, the way out, at the place."""

from __future__ import annotations

import base64

import pytest

from ctr_ci import plan
from ctr_ci.cloudbuild import Builtins, Rules, for_tag, load, parse_substitutions, parse_timeout
from ctr_ci.document import load as load_document
from ctr_ci.problem import InputError
from ctr_ci.source import Source

DYNAMIC = "options: {dynamicSubstitutions: true}\n"
SECRET_STEP = "steps: [{name: b, secretEnv: [S]}]\n"
LARGE = base64.b64encode(b"x" * 65537).decode()


def refused(text: str, flags: dict[str, str] | None = None, timeout: str | None = None) -> str:
    def make() -> None:
        limit = parse_timeout(timeout) if timeout else None
        plan.make(load(Source("c.yaml", text)), flags or {}, Builtins(), timeout=limit)

    with pytest.raises(InputError) as error:
        make()
    return "\n".join(problem.render() for problem in error.value.problems)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("steps: [{image: b}]\n", "the step's image is its 'name'"),
        ("steps: [{name: b, commands: [x]}]\n", "use 'script' for shell code"),
        ("steps: [{name: b}]\nentrypoint: x\n", "'entrypoint' belongs into a step"),
        ("steps: [{name: b, substitutions: {}}]\n", "'substitutions' belongs to the top level"),
        ("steps: [{name: b}]\nzzz: x\n", "known here: steps, timeout,"),
        ("steps: [{name: b, env: {A: '1'}}]\n", "write each as `- KEY=VALUE`"),
        ("steps: [{name: b}]\nsubstitutions: [_A=1]\n", "write each as `_KEY: value`"),
        ("steps: [{name: b, entrypoint: [sh]}]\n", "only `args` takes several words"),
        (
            "steps: [{name: b, args: [a, ~]}]\n",
            "c.yaml:1:29: error: nothing for .steps[0].args[1]; expected text",
        ),
        (
            "steps: [{name: b, timeout: [1s]}]\n",
            "a list for .steps[0].timeout; expected a duration in seconds",
        ),
        ("steps: [b]\n", "'b' for .steps[0]; expected a map of fields"),
        ("steps: [{name: b}]\noptions: x\n", "'x' for .options; expected a map of fields"),
        ("steps: [{name: b, dir: {a: b}}]\n", "a map for .steps[0].dir"),
        ("steps: [{name: b}]\nsubstitutions: {_A: [x]}\n", "a list for .substitutions._A; expected text"),
        ("steps: [{name: b}]\noptions: {machineType: E2_HIGHCPU8}\n", "did you mean E2_HIGHCPU_8?"),
        ("steps: [{name: ''}]\n", "build step 0 must specify name"),
        ("steps: [{name: b, id: unit}, {name: b, waitFor: [unti]}]\n", "did you mean 'unit'?"),
        ("apiVersion: v1\nkind: x\n", "there is no field of a Cloud Build config at all"),
        ("", "an empty config"),
        (
            f"{SECRET_STEP}secrets: [{{kmsKeyName: k, secretEnv: {{S: {LARGE}}}}}]\n",
            "65537 bytes in the secret S; expected at most 64 KiB",
        ),
        (
            "steps: [{name: b, secretEnv: [S]}]\nsecrets: [{secretEnv: {S: YQ==}}]\n",
            "a secret without kmsKeyName",
        ),
        ("steps: [{name: b}]\navailableSecrets: {inline: [{kmsKeyName: k}]}\n", "without envMap"),
        (
            "steps: [{name: b, args: [$_A]}]\nsubstitutions: {_A: '$_B', _B: $PROJECT_ID}\nimages: ['$_A']\n",
            'key "_B" in the substitution data',
        ),
        (
            "steps: [{name: b, args: [$_B]}]\nsubstitutions: {_A: x/$PROJECT_ID}\nimages: ['$_A']\n"
            "options: {substitutionOption: ALLOW_LOOSE}\n",
            "expanded with `options: {dynamicSubstitutions: true}`",
        ),
    ],
)
def test_a_mistake_names_the_way_out(text: str, words: str) -> None:
    assert words in refused(text)


def test_a_key_is_found_in_text_over_several_lines() -> None:
    text = "steps:\n- name: b\n  args:\n  - -c\n  - |\n    echo $_A $_B\n    echo $_B $_NOPE\n"
    text += "substitutions: {_A: '1', _B: '2'}\n"
    assert "c.yaml:7:14: error" in refused(text)
    folded = 'steps:\n- name: b\n  args: ["a\\x20$_N\\x4fPE"]\n'
    assert 'c.yaml:3:10: error: key in the template "_NOPE"' in refused(folded)


def test_flags_have_no_place_in_the_file() -> None:
    text = "steps: [{name: b, args: [$_A]}]\n" + DYNAMIC
    assert refused(text, {"_A": "$(date)"}).startswith("error: --substitutions _A: $(date) is not supported")
    flags = {f"_A{n}": "x" for n in range(201)}
    assert refused("steps: [{name: b}]\n", flags).startswith("error: 201 substitutions; expected at most 200")
    assert "_NOPE" in refused(text, {"_A": "$_NOPE"})


def test_a_built_in_by_flag_is_text_even_where_values_expand() -> None:
    text = "steps: [{name: b, args: [$TAG_NAME, $_A]}]\nsubstitutions: {_A: '${TAG_NAME}'}\n" + DYNAMIC
    made, _ = plan.make(load(Source("c.yaml", text)), {"TAG_NAME": "$_A"}, Builtins(tag="t"))
    assert made.steps[0].args == ("$_A", "$_A")


def test_values_settle_whatever_their_order() -> None:
    text = "steps: [{name: b, args: [$_A]}]\nsubstitutions: {_A: $_B$_C, _B: $_C, _C: $_D, _D: d}\n" + DYNAMIC
    made, _ = plan.make(load(Source("c.yaml", text)), {}, Builtins())
    assert made.steps[0].args == ("dd",)


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("PROJECT_ID=x", "use --project"),
        ("BUILD_ID=x", "made anew"),
        ("tag=x", "did you mean _TAG?"),
        ("BRANCHNAME=x", "did you mean BRANCH_NAME?"),
        ("_A=x,y", "--substitutions '^:^_A=x,y:_B=z'"),
        ("_A=1,_A=2", "each key once"),
        (f"_A={'x' * 4001}", "at most 4000"),
        (f"_{'A' * 100}=x", "at most 100"),
    ],
)
def test_a_flag_that_may_not_be_names_the_way_out(flag: str, words: str) -> None:
    with pytest.raises(InputError) as error:
        parse_substitutions([flag])
    assert words in error.value.problems[0].render()


def test_limits_of_time_name_who_set_them() -> None:
    assert "--timeout 90000s" in refused("steps: [{name: b}]\n", timeout="25h")
    step = "steps: [{name: b, timeout: 100s}]\n"
    assert "less than or equal to the build timeout of 10s" in refused(step, timeout="10")
    build = load(Source("c.yaml", "steps: [{name: b, timeout: 2h}]\n"))
    assert "which is 3600s unless given" in build.warnings[0].render()


def test_arguments_that_substitution_makes_too_long_are_refused() -> None:
    text = f"steps: [{{name: b, args: ['{'$_A' * 3}']}}]\n"
    assert "characters after substitution; expected at most 10000" in refused(text, {"_A": "x" * 4000})


def test_a_tag_alone_is_checked_like_any_image() -> None:
    with pytest.raises(InputError) as error:
        plan.make(for_tag("Team/App"), {}, Builtins())
    shown = error.value.problems[0].render()
    assert shown.startswith('error: --tag Team/App: invalid image name "Team/App" contains uppercase letters')
    assert "write team/app" in shown


def test_pull_request_keys_are_empty_for_a_trigger() -> None:
    build = load(Source("c.yaml", "steps: [{name: b, args: ['x$_PR_NUMBER']}]\n"))
    assert plan.make(build, {}, Builtins(), rules=Rules.TRIGGER)[0].steps[0].args == ("x",)


def test_a_pull_request_sets_its_keys() -> None:
    event = """{"pull_request": {"number": 7, "head": {"ref": "topic", "repo": {"html_url": "https://x/y"}},
        "base": {"ref": "main"}}}"""
    text = "steps: [{name: b, args: [$_PR_NUMBER, $_HEAD_BRANCH, $_BASE_BRANCH, $_HEAD_REPO_URL, $_N]}]\n"
    build = load(Source("c.yaml", text + "substitutions: {_N: 'pr-${_PR_NUMBER}'}\n"))
    payload = load_document(Source("event.json", event))
    made, _ = plan.make(build, {}, Builtins(), rules=Rules.TRIGGER, payload=payload)
    assert made.steps[0].args == ("7", "topic", "main", "https://x/y", "pr-7")


def test_the_service_account_is_the_configs() -> None:
    account = "projects/p/serviceAccounts/me@p.iam"
    text = (
        f"steps: [{{name: b, args: [$SERVICE_ACCOUNT_EMAIL, $SERVICE_ACCOUNT]}}]\nserviceAccount: {account}\n"
    )
    made, _ = plan.make(load(Source("c.yaml", text)), {}, Builtins(project="p"))
    assert made.steps[0].args == ("me@p.iam", account)
