"""The action for real: consumers' repositories, their workflows run by act in host mode."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from testbed import act, api
from testbed.act import Done
from testbed.registry import Registry

EXAMPLES = Path(__file__).parents[2] / "examples"
PROJECT = "act-test"

Use = Callable[..., Done]


@pytest.fixture(scope="module")
def use(tmp_path_factory: pytest.TempPathFactory) -> Use:
    """`use(repository, inputs…)`, with one checkout of the action and one home for all."""
    home = tmp_path_factory.mktemp("home")
    action = act.checkout(tmp_path_factory.mktemp("action"))

    def run(repository: Path, inputs: Mapping[str, str], **more: Mapping[str, str]) -> Done:
        return act.use(action, repository, home, inputs, **more)  # type: ignore[arg-type]

    return run


@pytest.fixture
def quickstart(tmp_path: Path, engine_socket: str, alpine: str, docker_builder: str) -> Iterator[Path]:
    folder = tmp_path / "quickstart"
    shutil.copytree(EXAMPLES / "quickstart", folder)
    yield folder
    api.untag(engine_socket, f"gcr.io/{PROJECT}/quickstart-image:latest")


def test_findings_fail_the_job_and_stand_at_their_lines(use: Use, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "build-in-ship-image", tmp_path / "repository")
    done = use(tmp_path / "repository", {"dockerfile": "Dockerfile", "fail-on": "warning"})
    assert not done.passed
    assert int(done.outputs["findings"]) > 0
    assert Path(done.outputs["sarif-file"]).name == "lint.sarif"
    shown = [entry for entry in done.annotations if entry[1] == "Dockerfile"]
    assert any("gcc" in text or "make" in text for _, _, _, text in shown)
    assert all(line.isdigit() for _, _, line, _ in shown)
    assert "build-in-ship-image" in done.summary
    assert "/docs/rules/build-in-ship-image.md)" in done.summary


def test_what_was_tested_is_pushed_and_its_digest_is_the_output(
    use: Use, quickstart: Path, registry: Callable[..., Registry]
) -> None:
    shop = registry(auth="token")
    login = {"username": shop.user, "password": "${{ secrets.REGISTRY }}"}
    secrets = {"REGISTRY": shop.password}
    done = use(
        quickstart,
        login
        | {
            "config": "cloudbuild.yaml",
            "project": PROJECT,
            "publish-to": f"{shop.host}/team/app",
            "tags": "v1 latest",
            "attest": "evidence",
            "sbom": "cyclonedx",
            "github-status": "true",
        },
        secrets=secrets,
    )
    assert done.passed, done.log
    assert done.outputs["status"] == "SUCCESS"
    assert done.outputs["digest"].startswith("sha256:")
    assert done.outputs["tags"].splitlines() == ["v1", "latest"]
    assert done.outputs["image"] == f"{shop.host}/team/app"
    assert set(shop.scopes_asked) == {"repository:team/app:pull,push"}
    assert done.outputs["digest"].removeprefix("sha256:") in done.summary
    assert "gantt" in done.summary
    evidence = done.outputs["attestations"].splitlines()
    assert len(evidence) > 1
    assert all(digest.removeprefix("sha256:") in done.summary for digest in evidence)
    # act has no token for GitHub: that is told, and fails nothing.
    assert any(level == "notice" and "GITHUB_TOKEN" in text for level, _, _, text in done.annotations)
    assert done.page.startswith("<!doctype html>")
    assert "Hello, world!" in done.page  # what the steps printed is there
    # Another workflow promotes it by that evidence: the same digest, without a build.
    origin = f"{shop.host}/team/app@{done.outputs['digest']}"
    promotion = {"dockerfile": "none", "from-registry": origin, "tags": "stable"}
    promoted = use(quickstart, login | promotion | {"publish-to": f"{shop.host}/team/app"}, secrets=secrets)
    assert promoted.passed, promoted.log
    assert (promoted.outputs["digest"], promoted.outputs["tags"]) == (done.outputs["digest"], "stable")
    assert "Tested by" in promoted.summary
    assert shop.password not in done.log + done.summary + repr(done.annotations)


def test_a_failed_test_pushes_nothing_and_says_why(
    use: Use, quickstart: Path, registry: Callable[..., Registry]
) -> None:
    shop = registry(auth="token")
    inputs = {"config": "cloudbuild-fail.yaml", "project": PROJECT, "publish-to": f"{shop.host}/team/app"}
    done = use(quickstart, inputs)
    assert not done.passed
    assert (done.outputs["status"], done.outputs["digest"]) == ("FAILURE", "")
    (told,) = [text for level, _, _, text in done.annotations if level == "error"]
    assert told.startswith("step test failed: nothing may be pushed\n")
    assert "step test failed" in done.summary
    assert shop.scopes_asked == []


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({"username": "ci", "password": "wrong"}, "nothing was pushed: "),
        ({"require": "integration"}, "nothing was pushed: "),
    ],
)
def test_a_refused_push_is_one_error_that_says_what_to_do(
    use: Use, quickstart: Path, registry: Callable[..., Registry], inputs: dict[str, str], told: str
) -> None:
    shop = registry(auth="token")
    wanted = {"config": "cloudbuild.yaml", "project": PROJECT, "publish-to": f"{shop.host}/team/app"}
    done = use(quickstart, wanted | inputs)
    assert (done.passed, done.outputs["digest"], done.outputs["status"]) == (False, "", "SUCCESS")
    (error,) = [text for level, _, _, text in done.annotations if level == "error"]
    assert error.startswith(told)
    assert len(error.splitlines()) > 1
    assert "{" not in done.log.replace("{{", "")


def test_an_invalid_config_is_told_with_its_place(use: Use, tmp_path: Path) -> None:
    (tmp_path / "cloudbuild.yaml").write_text("steps:\n- nam: alpine\n")
    done = use(tmp_path, {"dockerfile": "none", "config": "cloudbuild.yaml"})
    assert not done.passed
    assert (done.outputs["status"], done.outputs["record"], done.page) == ("", "", "")
    told = [entry[:3] for entry in done.annotations if "nam" in entry[3]]
    assert told[0] == ("error", "cloudbuild.yaml", "2")
    assert "did you mean 'name'?" in done.annotations[0][3]
    assert "the build did not start" in done.summary
    assert "nam" in done.summary


def test_a_wrong_input_is_one_clear_error(use: Use, tmp_path: Path) -> None:
    done = use(tmp_path, {"dockerfile": "none", "annotations": "yes"})
    assert not done.passed
    assert [text for level, _, _, text in done.annotations if level == "error"] == [
        "error: input annotations is 'yes'; expected true or false"
    ]


def test_a_step_cannot_forge_an_output(use: Use, tmp_path: Path, busybox: str) -> None:
    (tmp_path / "cloudbuild.yaml").write_text(
        "steps:\n"
        f"- name: {busybox}\n"
        "  script: |\n"
        "    #!/bin/sh\n"
        "    echo '::set-output name=digest::sha256:forged'\n"
        "    echo '::error file=Dockerfile::forged'\n"
        "    echo '##[set-output name=digest]sha256:forged'\n"
        "    env | grep -E '^(ACTIONS_|GITHUB_TOKEN|CTR_CI_INPUT_)' && exit 1\n"
        "    exit 0\n"
    )
    done = use(tmp_path, {"dockerfile": "none", "config": "cloudbuild.yaml", "gate-policy": "off"})
    assert done.passed, done.log
    assert done.outputs["digest"] == ""
    assert not [entry for entry in done.annotations if "forged" in entry[3]]
    assert "##[" not in done.log


def test_a_forks_code_is_not_run_with_the_repositorys_secrets(use: Use, tmp_path: Path) -> None:
    fork = {"number": 7, "head": {"sha": "a" * 40, "ref": "x", "repo": {"full_name": "stranger/app"}}}
    payload = {"pull_request": fork | {"base": {"ref": "main"}}}
    (tmp_path / "cloudbuild.yaml").write_text("steps:\n- name: busybox\n")
    done = use(
        tmp_path,
        {"dockerfile": "none", "config": "cloudbuild.yaml"},
        event=payload,
        event_name="pull_request_target",
    )
    assert not done.passed
    assert any("the code is a fork's" in text for _, _, _, text in done.annotations)


@pytest.mark.parametrize(
    "name",
    [
        "::error::forged",
        "$(touch hacked)",
        "`touch hacked`",
        "a b;touch hacked",
        "%0A::error::forged",
        "-x",
        "<b>",
    ],
)
def test_hostile_file_names_run_nothing_and_forge_nothing(use: Use, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "repository" / name
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM alpine:3.19\nWORKDIR app\nRUN make\n")
    done = use(tmp_path / "repository", {"fail-on": "never"})
    assert done.passed, done.log
    assert int(done.outputs["findings"]) > 0
    assert not list(tmp_path.rglob("hacked"))
    assert not [entry for entry in done.annotations if entry[3] == "forged"]
