"""The pure assertions about Cloud Build's behaviour, by the numbers of the project's reference table.

PROJECT_ID is `proj`, `_A` is 1, `_B` has no value, unless a case says otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from ctr_ci import plan
from ctr_ci.cloudbuild import Builtins, Rules, load, parse_substitutions
from ctr_ci.plan import Plan, Step
from ctr_ci.problem import InputError
from ctr_ci.source import Source

LOOSE = "options: {substitutionOption: ALLOW_LOOSE}\n"
DYNAMIC = "options: {dynamicSubstitutions: true}\n"
STEP = "steps: [{name: busybox, args: ['$_A']}]\n"


def made(
    text: str,
    flags: Mapping[str, str] | None = None,
    *,
    path: str = "cloudbuild.yaml",
    rules: Rules = Rules.MANUAL,
    builtins: Builtins | None = None,
) -> Plan:
    build = load(Source(path, text))
    known = builtins or Builtins(project="proj", build_id="0123456789-abcdef")
    return plan.make(build, flags or {}, known, rules=rules)[0]


def refused(text: str, flags: Mapping[str, str] | None = None) -> str:
    """What a config is refused with: rendered problems. Fails where it is accepted."""
    with pytest.raises(InputError) as error:
        made(text, flags)
    return "\n".join(problem.render() for problem in error.value.problems)


def warned(text: str) -> str:
    build = load(Source("cloudbuild.yaml", text))
    _, warnings = plan.make(build, {}, Builtins(project="proj"))
    return "\n".join(problem.render() for problem in warnings)


def config(argument: str, rest: str = "substitutions: {_A: '1'}\n") -> str:
    """A config whose one step has that argument and uses `_A` elsewhere."""
    return json.dumps([argument]).join(("steps: [{name: busybox, env: ['U=$_A'], args: ", "}]\n")) + rest


def step(fields: str, rest: str = "") -> Step:
    return made(f"steps: [{{name: busybox, {fields}}}]\n{rest}").steps[0]


@pytest.mark.parametrize(
    ("row", "argument", "expected"),
    [
        (1, "$_A", "1"),
        (1, "${_A}", "1"),
        (2, "$$_A", "$_A"),
        (3, "$$$_A", "$1"),
        (3, "$$$$", "$$"),
        (4, "$_Ax", "1x"),
        (6, r"\$_A", r"\1"),
        (7, "a$", "a$"),
        (7, "$1", "$1"),
        (7, "$?", "$?"),
        (7, "$lower", "$lower"),
        (7, "${lower}", "${lower}"),
        (7, "$(date)", "$(date)"),
        (7, "${arr[@]}", "${arr[@]}"),
        (8, "${_A", "${_A"),
        (9, "${_A:-z}", "${_A:-z}"),
        (10, "${${_A}}", "${1}"),
        (87, "$$S", "$S"),
    ],
)
def test_an_argument_is_substituted(row: int, argument: str, expected: str) -> None:
    assert made(config(argument)).steps[0].args == (expected,), row


@pytest.mark.parametrize(
    ("row", "argument"), [(2, "$$_A"), (8, "${_A"), (9, "${_A:-z}"), (9, "${_A:-z}${lower}")]
)
def test_what_is_no_use_of_a_key_leaves_it_unused(row: int, argument: str) -> None:
    text = f"steps: [{{name: busybox, args: ['{argument}']}}]\nsubstitutions: {{_A: '1'}}\n"
    shown = refused(text)
    assert 'key "_A" in the substitution data is not matched in the template' in shown, row
    assert "cloudbuild.yaml:2:17" in shown


def test_9_the_refusal_says_that_expansions_work_in_values_only() -> None:
    assert "${_A...} is left to the shell" in refused(
        "steps: [{name: b, args: ['${_A:-z}']}]\nsubstitutions: {_A: '1'}\n" + DYNAMIC
    )


def test_5_a_key_is_taken_as_long_as_it_goes() -> None:
    assert '"_A_X" is not matched' in refused(config("$_A_X"))
    assert "write ${_A}_X" in refused(config("$_A_X"))
    loose = "substitutions: {_A: '1'}\n" + LOOSE
    assert made(config("a$_A_X", loose)).steps[0].args == ("a",)


@pytest.mark.parametrize("rest", ["", LOOSE])
def test_11_a_key_that_is_no_built_in_is_refused_loose_or_not(rest: str) -> None:
    shown = refused("steps: [{name: b, args: ['$FOO']}]\n" + rest)
    assert 'key in the template "FOO" is not a valid built-in substitution' in shown
    assert "cloudbuild.yaml:1:27: error" in shown
    assert "write $$PATH" in refused("steps: [{name: b, args: ['$PATH']}]\n")


def test_12_a_key_without_value_is_refused_or_empty() -> None:
    assert '"_B" is not matched in the substitution data' in refused("steps: [{name: b, args: ['$_B']}]\n")
    assert made("steps: [{name: b, args: ['x$_B']}]\n" + LOOSE).steps[0].args == ("x",)


def test_13_a_key_without_use_is_refused_or_ignored() -> None:
    text = "steps: [{name: b}]\nsubstitutions: {_A: '1'}\n"
    assert '"_A" in the substitution data is not matched' in refused(text)
    assert "--as trigger" in refused(text)
    assert made(text + LOOSE).steps
    assert made(text, rules=Rules.TRIGGER).steps


def test_14_a_built_in_by_flag_that_is_not_used_is_refused() -> None:
    shown = refused("steps: [{name: b}]\n", {"COMMIT_SHA": "x"})
    assert shown.startswith('error: --substitutions: key "COMMIT_SHA" in the substitution data')


def test_15_values_are_text_where_nothing_is_dynamic() -> None:
    text = "steps: [{name: b, args: ['$_A']}]\nsubstitutions: {_A: '$_C', _C: '2'}\n"
    assert '"_C" in the substitution data is not matched' in refused(text)
    assert made(text + LOOSE).steps[0].args == ("$_C",)


@pytest.mark.parametrize(
    ("row", "substitutions", "builtins", "expected"),
    [
        (16, "_A: $_C, _C: '2'", Builtins(), "2"),
        (17, "_A: '${TAG_NAME:-latest}'", Builtins(), "latest"),
        (18, "_A: '${BUILD_ID:0:8}'", Builtins(build_id="0123456789-abc"), "01234567"),
        (19, "_A: '${TAG_NAME//./-}'", Builtins(tag="v1.2"), "v1-2"),
        (20, "_A: '${_I##*:}', _I: 'a/b:c'", Builtins(), "c"),
        (21, r"_A: '${_I/\/state.json/}', _I: x/state.json", Builtins(), "x"),
        (22, "_A: '${_C:-${SHORT_SHA}}'", Builtins(commit="0123456789"), "0123456"),
        (22, "_A: '${_C:-${_D:-$SHORT_SHA}}', _D: ''", Builtins(commit="0123456789"), "0123456"),
    ],
)
def test_values_are_expanded_where_dynamic(
    row: int, substitutions: str, builtins: Builtins, expected: str
) -> None:
    text = f"{STEP}{DYNAMIC}substitutions: {{{substitutions}}}\n"
    assert made(text, builtins=builtins).steps[0].args == (expected,), row


def test_23_a_cycle_is_named() -> None:
    shown = refused(f"{STEP}{DYNAMIC}substitutions: {{_A: $_C, _C: $_A}}\n")
    assert "_A -> _C -> _A" in shown
    assert "cloudbuild.yaml:3:21" in shown


@pytest.mark.parametrize(
    "value", ["${_C:?no}", "${_C:=x}", "${!_C}", "${_C@Q}", "$(date)", "$((1))", "${_C[0]}"]
)
def test_24_what_runs_or_assigns_is_refused(value: str) -> None:
    shown = refused(f"{STEP}{DYNAMIC}substitutions: {{_A: '{value}'}}\n")
    assert f"{value} is not supported in a substitution value" in shown
    assert "cloudbuild.yaml:3:22" in shown


@pytest.mark.parametrize("key", ["A", "_a", "_", "_A-B", "PROJECT_ID", "COMMIT_SHA"])
def test_25_26_keys_of_the_file_are_the_users_own(key: str) -> None:
    assert "cloudbuild.yaml:2:17: error" in refused(
        f"steps: [{{name: b}}]\nsubstitutions: {{{key}: '1'}}\n" + LOOSE
    )


@pytest.mark.parametrize("flag", ["PROJECT_ID=x", "BUILD_ID=x", "_a=1", "FOO=1", "_A", "_A=1,_A=2"])
def test_27_flags_that_may_not_be(flag: str) -> None:
    with pytest.raises(InputError, match="--substitutions"):
        parse_substitutions([flag])


def test_28_a_flag_wins_over_the_file() -> None:
    assert made(STEP + "substitutions: {_A: '1'}\n", {"_A": "2"}).steps[0].args == ("2",)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["^:^_A=x,y:_C=z"], {"_A": "x,y", "_C": "z"}),
        (["_A=1,_C=2"], {"_A": "1", "_C": "2"}),
        (["_A=1", "_A=2"], {"_A": "2"}),
        (["_A=a=b"], {"_A": "a=b"}),
        (["_A="], {"_A": ""}),
        (["^--^_A=a,b--_C=c"], {"_A": "a,b", "_C": "c"}),
        ([], {}),
    ],
)
def test_29_flags_are_written_as_gcloud_reads_them(flags: list[str], expected: dict[str, str]) -> None:
    assert parse_substitutions(flags) == expected


def test_30_short_sha_is_seven_characters() -> None:
    text = "steps: [{name: b, args: ['$SHORT_SHA', $REVISION_ID]}]\n"
    assert made(text, builtins=Builtins(commit="0123456789")).steps[0].args == ("0123456", "0123456789")


def test_31_a_built_in_without_value_is_empty() -> None:
    assert made("steps: [{name: b, args: ['x$BRANCH_NAME']}]\n").steps[0].args == ("x",)


def test_32_a_script_is_never_substituted() -> None:
    script = "echo $_A ${PROJECT_ID} $$"
    text = f"steps: [{{name: b, script: '{script}'}}]\nsubstitutions: {{_A: '1'}}\n"
    assert made(text + LOOSE).steps[0].script == script
    assert "automapSubstitutions" in refused(text)


def test_33_34_mapped_substitutions_are_environment_variables() -> None:
    rest = "substitutions: {_A: '1'}\noptions: {automapSubstitutions: true, env: [PROJECT_ID=own]}\n"
    both = made("steps: [{name: b, script: x}, {name: b, automapSubstitutions: false, script: x}]\n" + rest)
    mapped, plain = (dict(one.env) for one in both.steps)
    assert (mapped["_A"], mapped["PROJECT_ID"]) == ("1", "own")
    assert "_A" not in plain
    one = made("steps: [{name: b}, {name: b, automapSubstitutions: true}]\nsubstitutions: {_A: '1'}\n")
    assert ["_A" in dict(each.env) for each in one.steps] == [False, True]


def test_35_36_every_field_that_substitutes_does() -> None:
    built = made(
        """
steps:
- {name: 'img:$_A', env: ['X=$_A'], dir: '$_A', entrypoint: 'e$_A', args: ['$_A']}
images: ['img:$_A']
tags: ['t$_A']
options: {env: ['Y=$_A']}
artifacts: {objects: {location: 'gs://$_A', paths: ['$_A']}}
substitutions: {_A: '1'}
"""
    )
    one = built.steps[0]
    assert (one.image, one.workdir, one.entrypoint, one.args) == ("img:1", "/workspace/1", "e1", ("1",))
    assert {"X": "1", "Y": "1"}.items() <= dict(one.env).items()
    assert (built.images, built.tags) == (("img:1",), ("t1",))
    assert (built.object_location, built.object_paths) == ("gs://1/", ("1",))


def test_37_an_id_is_not_substituted_and_says_so() -> None:
    text = (
        "steps: [{name: b, id: $_A}, {name: b, waitFor: ['$_A'], args: ['$_A']}]\nsubstitutions: {_A: '1'}\n"
    )
    assert made(text).steps[0].id == "$_A"
    assert made(text).steps[1].after == {0}
    assert "$_A in id, which is not substituted" in warned(text)


@pytest.mark.parametrize(
    "substitutions",
    [
        {"_A": "x" * 4001},
        {"_" + "A" * 100: "1"},
        {f"_A{n}": "1" for n in range(201)},
    ],
)
def test_38_substitutions_have_limits(substitutions: dict[str, str]) -> None:
    assert "at most" in refused(json.dumps({"steps": [{"name": "b"}], "substitutions": substitutions}) + "\n")


def test_39_empty_and_repeated_tags_are_dropped() -> None:
    assert made("steps: [{name: b}]\ntags: ['$BRANCH_NAME', a, a]\n").tags == ("a",)


def test_40_the_logs_bucket_uses_a_key() -> None:
    assert made("steps: [{name: b}]\nlogsBucket: 'gs://$_A'\nsubstitutions: {_A: '1'}\n").steps


@pytest.mark.parametrize(
    ("row", "last", "expected"),
    [
        (41, "", {0, 1}),
        (41, "waitFor: ['-']", set()),
        (44, "waitFor: ['-', a]", {0}),
        (47, "waitFor: []", {0, 1}),
        (48, "waitFor: a", {0}),
    ],
)
def test_waiting(row: int, last: str, expected: set[int]) -> None:
    text = f"steps: [{{name: b, id: a}}, {{name: b, waitFor: ['-']}}, {{name: b, {last}}}]\n"
    assert made(text).steps[2].after == expected, row


def test_48_a_scalar_for_a_list_is_a_warning() -> None:
    shown = warned("steps: [{name: b, id: a}, {name: b, waitFor: a, args: x}]\n")
    assert "one value for the list .steps[1].waitFor" in shown
    assert "one value for the list .steps[1].args" in shown
    assert "a trigger refuses it" in shown


@pytest.mark.parametrize(
    ("wait", "way_out"),
    [("later", "move it above"), ("self", "cannot wait for itself"), ("nope", "ids above: 'a'")],
)
def test_43_only_earlier_steps_can_be_waited_for(wait: str, way_out: str) -> None:
    shown = refused(
        f"steps: [{{name: b, id: a}}, {{name: b, id: self, waitFor: [{wait}]}}, {{name: b, id: later}}]\n"
    )
    assert f'build step #1 - "self" depends on "{wait}", which has not been defined' in shown
    assert way_out in shown


def test_45_ids_are_unique_and_no_dash() -> None:
    assert "the ID is not unique" in refused("steps: [{name: b, id: a}, {name: b, id: a}]\n")
    assert "the id '-'" in refused("steps: [{name: b, id: '-'}]\n")


@pytest.mark.parametrize("name", ["a b", "x:y", "é"])
def test_46_ids_are_free_text(name: str) -> None:
    assert step(f"id: '{name}'").id == name


def test_51_52_exit_codes_decide_alone() -> None:
    assert step("allowExitCodes: [3, '4']").allow_exit_codes == {3, 4}
    both = step("allowFailure: true, allowExitCodes: [3]")
    assert not both.allow_failure
    assert both.allow_exit_codes == {3}
    assert step("allowFailure: true").allow_failure


def test_54_exit_codes_are_bytes() -> None:
    assert "256 for .steps[0].allowExitCodes[0]" in refused("steps: [{name: b, allowExitCodes: [256]}]\n")


def test_57_a_step_may_not_take_longer_than_the_build() -> None:
    shown = refused("steps: [{name: b}, {name: b, timeout: 1300s}]\ntimeout: 1200s\n")
    assert "invalid value for 'build.steps[1].timeout'" in shown
    assert "1200s" in shown


@pytest.mark.parametrize("timeout", ["'600'", "600", "-1s", "25h", "1.0000000000s", "soon"])
def test_58_timeouts_that_are_none(timeout: str) -> None:
    assert "cloudbuild.yaml:2:10: error" in refused(f"steps: [{{name: b}}]\ntimeout: {timeout}\n")


def test_58_timeouts_and_their_help() -> None:
    assert made("steps: [{name: b}]\ntimeout: 1.5s\n").timeout.total_seconds() == 1.5
    assert made("steps: [{name: b}]\ntimeout: 1h2m3s\n").timeout.total_seconds() == 3723
    assert made("steps: [{name: b}]\n").timeout.total_seconds() == 3600
    assert "write '600s'" in refused("steps: [{name: b}]\ntimeout: '600'\n")
    assert "write '600s'" in refused("steps: [{name: b}]\ntimeout: 600\n")


@pytest.mark.parametrize(
    "text", ["", "steps: []\n", "timeout: 1s\n", "steps: [{args: [a]}]\n", "- a\n", "steps: null\n"]
)
def test_59_there_are_steps_and_each_has_a_name(text: str) -> None:
    assert refused(text)


def test_60_an_unknown_field_is_named_with_the_nearest() -> None:
    shown = refused("steps:\n- name: b\n  argz: [x]\n")
    assert "cloudbuild.yaml:3:3: error: unknown field .steps[0].argz: unused" in shown
    assert "did you mean 'args'?" in shown
    assert "use 'script'" in refused("steps: [{name: b, cmd: x}]\n")
    assert "belongs under 'options'" in refused("steps: [{name: b}]\nmachineType: E2_MEDIUM\n")


def test_61_both_spellings_are_read() -> None:
    snake = """
steps:
- {name: b, id: a}
- {name: b, wait_for: ['-'], secret_env: [S], allow_failure: true, args: [$_A]}
available_secrets: {secret_manager: [{version_name: projects/p/secrets/s/versions/1, env: S}]}
options: {dynamic_substitutions: true}
substitutions: {_A: $_C, _C: '2'}
"""
    built = made(snake)
    assert built.steps[1].after == frozenset()
    assert built.steps[1].secrets == ("S",)
    assert built.steps[1].args == ("2",)
    assert built.secrets[0].version_name == "projects/p/secrets/s/versions/1"


def test_61_both_spellings_at_once_are_refused() -> None:
    shown = refused("steps:\n- name: b\n  waitFor: ['-']\n  wait_for: ['-']\n")
    assert "'wait_for' is 'waitFor' again, first given at 3:3" in shown


def test_62_substitution_keys_keep_their_underscores() -> None:
    text = "steps: [{name: b, args: ['$_MY_VAR']}]\nsubstitutions: {_MY_VAR: x}\n"
    assert made(text).steps[0].args == ("x",)


def test_63_64_numbers_and_bools_are_no_text() -> None:
    shown = refused("steps: [{name: b, args: [8080, true]}]\nsubstitutions: {_A: 3.10}\n")
    assert "cloudbuild.yaml:1:26: error: 8080 (a number) for .steps[0].args[0]" in shown
    assert "cloudbuild.yaml:1:32: error: true (a bool)" in shown
    assert "write '3.10'" in shown


def test_65_a_key_twice_is_told_with_both_places() -> None:
    assert "cloudbuild.yaml:3:3: error: duplicate key 'name', first given at 2:3" in refused(
        "steps:\n- name: a\n  name: b\n"
    )


def test_66_json_gives_the_same_plan() -> None:
    text = '{"steps": [{"name": "b", "args": ["$_A"]}], "substitutions": {"_A": "1"}}'
    as_json, as_yaml = made(text, path="c.json"), made(text, path="c.json")
    assert as_json == as_yaml
    assert as_json.steps == made("steps: [{name: b, args: [$_A]}]\nsubstitutions: {_A: '1'}\n").steps


def test_67_null_is_absent() -> None:
    assert made("steps: [{name: b, args: null}]\nsubstitutions: {_A: null}\nimages:\n").steps[0].args is None


@pytest.mark.parametrize("other", ["args: [a]", "entrypoint: a"])
def test_68_a_script_stands_alone(other: str) -> None:
    assert "has both script and" in refused(f"steps: [{{name: b, script: x, {other}}}]\n")


def test_73_arguments_pass_no_shell() -> None:
    assert step("args: ['a b', '*', '&&']").args == ("a b", "*", "&&")


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("sub", "/workspace/sub"),
        ("/tmp", "/tmp"),
        ("../x", "/x"),
        ("a/../b/", "/workspace/b"),
        ("", "/workspace"),
    ],
)
def test_74_folders(folder: str, expected: str) -> None:
    assert step(f"dir: '{folder}'").workdir == expected


def test_74_the_folder_of_a_repository_comes_first() -> None:
    rest = "source: {repoSource: {repoName: r, dir: top}}\n"
    assert step("dir: sub", rest).workdir == "/workspace/top/sub"
    assert step("dir: /abs", rest).workdir == "/abs"


def test_76_a_bare_step_knows_home_and_outputs_only() -> None:
    assert step("id: a").env == (("BUILDER_OUTPUT", "/builder/outputs"), ("HOME", "/builder/home"))


def test_77_78_variables() -> None:
    one = step("env: ['X=2', 'Y=a=b', 'Z=']", "options: {env: ['X=1', 'W=w']}\n")
    assert {"X": "2", "Y": "a=b", "Z": "", "W": "w"}.items() <= dict(one.env).items()
    assert 'the Env entry "X" must be of the form "KEY=VALUE"' in refused("steps: [{name: b, env: [X]}]\n")
    assert 'the Env entry "X"' in refused("steps: [{name: b}]\noptions: {env: [X]}\n")


def test_79_a_volume_may_have_several_paths() -> None:
    built = made(
        "steps: [{name: b, volumes: [{name: vol, path: /a}]}, {name: b, volumes: [{name: vol, path: /b/}]}]\n"
    )
    assert [one.mounts[0].path for one in built.steps] == ["/a", "/b"]
    assert built.volumes == ("vol",)


@pytest.mark.parametrize("path", ["rel", "/workspace", "/workspace/", "/cloudbuild/x", "/a/../builder/home"])
def test_80_paths_that_volumes_may_not_have(path: str) -> None:
    volume = f"volumes: [{{name: vol, path: '{path}'}}]"
    assert f'the volume path "{path}"' in refused(f"steps: [{{name: b, {volume}}}, {{name: b, {volume}}}]\n")


@pytest.mark.parametrize("name", ["v", "-v", "a b"])
def test_81_names_that_volumes_may_not_have(name: str) -> None:
    volume = f"volumes: [{{name: '{name}', path: /v}}]"
    assert f'the volume name "{name}"' in refused(f"steps: [{{name: b, {volume}}}, {{name: b, {volume}}}]\n")


def test_82_a_volume_is_shared() -> None:
    volume = "volumes: [{name: vol, path: /v}]"
    assert "only used by one step" in refused(f"steps: [{{name: b, {volume}}}, {{name: b}}]\n")
    assert "fewer than two steps" in refused(f"steps: [{{name: b}}]\noptions: {{{volume}}}\n")
    two = "volumes: [{name: vol, path: /v}, {name: vol, path: /w}]"
    assert "more than one volume entry" in refused(f"steps: [{{name: b, {two}}}, {{name: b, {two}}}]\n")
    clash = f"steps: [{{name: b, {volume}}}, {{name: b, {volume}}}]\noptions: {{{volume}}}\n"
    assert "conflicts with global volume" in refused(clash)


SECRET = "availableSecrets: {secretManager: [{versionName: projects/p/secrets/s/versions/1, env: S}]}\n"


@pytest.mark.parametrize(
    ("row", "text", "found"),
    [
        (84, "steps: [{name: b, secretEnv: [S]}]\n", 'secretEnv "S" of step 0 is not defined'),
        (84, "steps: [{name: b}]\n" + SECRET, 'secret "S" is defined and not used'),
        (85, "steps: [{name: b, env: [S=1], secretEnv: [S]}]\n" + SECRET, 'secret and non-secret env "S"'),
        (85, "steps: [{name: b, env: [S=1]}]\noptions: {secretEnv: [S]}\n" + SECRET, "secret and non-secret"),
        (84, "steps: [{name: b, secretEnv: [S, S]}]\n" + SECRET, "twice in the secretEnv"),
        (
            84,
            "steps: [{name: b, secretEnv: [S]}]\noptions: {secretEnv: [S]}\n" + SECRET,
            "options.secretEnv too",
        ),
        (
            84,
            "steps: [{name: b, secretEnv: [S]}]\n"
            + SECRET
            + "secrets: [{kmsKeyName: k, secretEnv: {S: YQ==}}]\n",
            "defined twice",
        ),
        (
            84,
            "steps: [{name: b, secretEnv: [S]}]\nsecrets: [{kmsKeyName: k, secretEnv: {S: '<x>'}}]\n",
            "illegal base64",
        ),
        (84, "steps: [{name: b}]\nsecrets: [{kmsKeyName: k}, {kmsKeyName: k}]\n", "in more than one entry"),
    ],
)
def test_secrets_that_do_not_fit(row: int, text: str, found: str) -> None:
    assert found in refused(text), row


def test_85_a_name_may_be_plain_in_one_step_and_secret_in_another() -> None:
    built = made("steps: [{name: b, env: [S=1]}, {name: b, secretEnv: [S]}]\n" + SECRET)
    assert built.steps[1].secrets == ("S",)


def test_89_versions_substitute() -> None:
    text = SECRET.replace("versions/1", "versions/$_A") + "substitutions: {_A: '7'}\n"
    assert made("steps: [{name: b, secretEnv: [S]}]\n" + text).secrets[0].version_name.endswith("versions/7")


def test_91_a_step_may_name_tag_and_digest() -> None:
    image = f"busybox:1@sha256:{'0' * 64}"
    assert made(f"steps: [{{name: '{image}'}}]\n").steps[0].image == image
    assert "invalid build step name" in refused("steps: [{name: 'a:b:c'}]\n")


def test_92_images_that_are_none() -> None:
    assert 'invalid image name "Foo/x" contains uppercase letters' in refused(
        "steps: [{name: b}]\nimages: [Foo/x]\n"
    )
    assert 'invalid image name "a:b/c"' in refused("steps: [{name: b}]\nimages: ['a:b/c']\n")
    assert made("steps: [{name: b}]\nimages: ['localhost:5000/a:V1']\n").images == ("localhost:5000/a:V1",)


def test_92_a_branch_with_a_slash_is_named_as_the_cause() -> None:
    build = load(Source("c.yaml", "steps: [{name: b}]\nimages: ['a:$BRANCH_NAME']\n"))
    with pytest.raises(InputError, match="the branch 'feature/x' has a slash"):
        plan.make(build, {}, Builtins(branch="feature/x"))


def test_93_images_in_two_places_are_the_same() -> None:
    text = "steps: [{name: b}]\nimages: [a]\nartifacts: {images: [%s]}\n"
    assert made(text % "a").images == ("a",)
    assert "cannot specify different .images and .artifacts.images" in refused(text % "c")


@pytest.mark.parametrize(
    "objects",
    [
        "location: 'gs://b', paths: ['a b']",
        "location: 'gs://b', paths: [a, a]",
        "location: 's3://b', paths: [a]",
        "location: 'gs://b'",
        "paths: [a]",
    ],
)
def test_95_files_to_upload(objects: str) -> None:
    assert refused(f"steps: [{{name: b}}]\nartifacts: {{objects: {{{objects}}}}}\n")


def test_106_an_open_quote_is_told_where_it_opens() -> None:
    shown = refused("steps:\n- name: b\nimages:\n- 'gcr.io/x\n")
    assert shown.startswith("cloudbuild.yaml:4:3: error: a text whose opening ' is never closed")


def test_all_problems_of_a_file_are_told_at_once() -> None:
    shown = refused("steps:\n- name: b\n  cmd: x\n- {args: [1]}\ntimeout: 25h\nstep: 1\n")
    assert [line.split(":")[1] for line in shown.splitlines() if not line.startswith("help")] == [
        "3",
        "4",
        "4",
        "5",
        "6",
    ]


def test_a_key_twice_and_all_else_are_told_at_once() -> None:
    shown = refused("steps:\n- name: a\n  name: b\n  cmd: x\ntimeout: 1\n")
    assert [line.split(":")[1] for line in shown.splitlines() if not line.startswith("help")] == [
        "3",
        "4",
        "5",
    ]


@pytest.mark.parametrize(
    ("fields", "literal"),
    [
        ("args: ['$$S']", True),
        ("args: [login, '-p$${S}']", True),
        ("env: ['X=$$S']", True),
        ("entrypoint: bash, args: ['-c', 'login $$S']", False),
        ("args: [/bin/sh, '-c', 'login $$S']", False),
        ("args: ['$$SX']", False),
    ],
)
def test_86_87_a_secret_that_no_shell_reads_is_a_warning(fields: str, literal: bool) -> None:
    shown = warned(f"steps: [{{name: b, secretEnv: [S], {fields}}}]\n{SECRET}")
    assert ("$$S that no shell reads" in shown) == literal


def test_a_secret_with_one_dollar_is_refused_with_the_way_to_write_it() -> None:
    assert "write $$S for the secret" in refused(
        f"steps: [{{name: b, secretEnv: [S], args: [$S]}}]\n{SECRET}"
    )


def test_a_service_account_needs_a_place_for_logs() -> None:
    text = "steps: [{name: b}]\nserviceAccount: projects/p/serviceAccounts/a\n"
    assert "without a place for its logs" in warned(text)
    assert warned(text + "options: {logging: CLOUD_LOGGING_ONLY}\n") == ""
    assert warned(text + "logsBucket: gs://b\n") == ""


def test_packages_are_planned_with_their_fields() -> None:
    text = "steps: [{name: b}]\nartifacts: {pythonPackages: [{repository: r$_A, paths: [a, b]}]}\n"
    made_of = made(text + "substitutions: {_A: '1'}\n").packages[0]
    assert (made_of.kind, made_of.fields) == (
        "pythonPackages",
        (("repository", ("r1",)), ("paths", ("a", "b"))),
    )
