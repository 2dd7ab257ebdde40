"""`ctr-ci plan`: the config is found, git and options fill the built-ins, mistakes are told."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from ctr_ci.cli import main

QUICKSTART = """\
steps:
- name: gcr.io/cloud-builders/docker
  id: build
  args: [build, -t, 'gcr.io/$PROJECT_ID/app:$SHORT_SHA$_TAG', .]
- name: gcr.io/$PROJECT_ID/app:$SHORT_SHA$_TAG
  id: test
  env: ['A=b c']
  secretEnv: [S]
- {name: busybox, id: aside, waitFor: ['-'], script: "#!/bin/sh\\ntrue", timeout: 90s, allowExitCodes: [3]}
- {name: busybox, allowFailure: true, dir: sub, volumes: [{name: vol, path: /v}]}
- {name: busybox, entrypoint: sh, volumes: [{name: vol, path: /v}]}
images: ['gcr.io/$PROJECT_ID/app:$SHORT_SHA$_TAG']
tags: [nightly]
artifacts: {objects: {location: 'gs://bucket', paths: [out/*]}}
availableSecrets: {secretManager: [{versionName: projects/p/secrets/s/versions/1, env: S}]}
substitutions: {_TAG: v1}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in ("CLOUDSDK_CORE_PROJECT", "GOOGLE_CLOUD_PROJECT"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "cloudbuild.yaml").write_text(QUICKSTART)
    return tmp_path


def planned(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert main(["plan", *arguments, "--format", "json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert isinstance(made, dict)
    return made


def test_a_plan_for_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(folder), "--substitutions", "_TAG=v2", "--timeout", "90"]) == 0
    shown = capsys.readouterr().out
    for line in (
        f"{folder}/cloudbuild.yaml: 5 steps, at most 1m 30s",
        "  _TAG        v2",
        'Step #0 - "build": gcr.io/cloud-builders/docker',
        "  runs [entrypoint] build -t gcr.io/local-project/app:v2 .",
        "  after #0 build",
        "  env 'A=b c'",
        "  secrets S",
        "  starts at once",
        "    #!/bin/sh",
        "  at most 1m 30s",
        "  may exit with 3",
        "  after #1 test, #2 aside",
        "  may fail",
        "  in /workspace/sub",
        "  volume vol at /v",
        "  runs sh, no arguments",
        "  gcr.io/local-project/app:v2",
        "files to gs://bucket/",
        "  out/*",
        "  S  from projects/p/secrets/s/versions/1",
    ):
        assert f"{line}\n" in shown, line


def test_git_fills_the_built_ins_and_options_win(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def git(*arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        done = subprocess.run(
            ["git", "-C", str(folder), *who, *arguments], capture_output=True, check=True, text=True
        )
        return done.stdout.strip()

    git("init", "-q", "-b", "topic")
    git("remote", "add", "origin", "https://example.org/team/thing.git")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    git("tag", "v9")
    commit = git("rev-parse", "HEAD")
    known = planned(capsys, str(folder))["substitutions"]
    assert isinstance(known, dict)
    assert known["COMMIT_SHA"] == commit
    assert known["SHORT_SHA"] == commit[:7]
    assert (known["BRANCH_NAME"], known["REF_NAME"], known["REPO_NAME"]) == ("topic", "topic", "thing")
    assert "TAG_NAME" not in known
    options = (
        "--tag-name",
        "v9",
        "--commit",
        "abcdef0123",
        "--repo",
        "o/r",
        "--project",
        "p",
        "--region",
        "eu",
    )
    told = planned(capsys, str(folder), *options)["substitutions"]
    assert isinstance(told, dict)
    assert (told["TAG_NAME"], told["SHORT_SHA"], told["REPO_FULL_NAME"]) == ("v9", "abcdef0", "o/r")
    assert (told["PROJECT_ID"], told["LOCATION"]) == ("p", "eu")
    assert "BRANCH_NAME" not in told


def test_a_tag_alone_builds_the_dockerfile(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = planned(capsys, str(tmp_path), "--tag", "gcr.io/$PROJECT_ID/app")
    steps = made["steps"]
    assert isinstance(steps, list)
    assert steps[0]["image"] == "gcr.io/cloud-builders/docker"
    assert steps[0]["args"] == [
        "build",
        "--network",
        "cloudbuild",
        "--no-cache",
        "-t",
        "gcr.io/local-project/app",
        ".",
    ]
    assert made["images"] == ["gcr.io/local-project/app"]


def test_stages_stand_in_ctr_ci_yaml(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "ctr-ci.yaml").write_text(
        "stages: [{name: a, steps: [aside], gate: true}, {name: b, steps: [build]}]\n"
    )
    steps = planned(capsys, str(folder))["steps"]
    assert isinstance(steps, list)
    assert steps[0]["after"] == [2]
    assert (steps[2]["stage"], steps[2]["gate"]) == ("a", True)
    assert main(["plan", str(folder)]) == 0
    assert 'stage a (gate)\nStep #2 - "aside"' in capsys.readouterr().out


def test_a_payload_is_looked_into(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cloudbuild.yml").write_text(
        "steps: [{name: b, args: [$_R]}]\nsubstitutions: {_R: $(body.ref)}\n"
    )
    (tmp_path / "event.json").write_text('{"ref": "x"}')
    made = planned(capsys, str(tmp_path), "--as", "trigger", "--payload", str(tmp_path / "event.json"))
    assert isinstance(made["steps"], list)
    assert made["steps"][0]["args"] == ["x"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--config", "nowhere.yaml"], "cannot read nowhere.yaml: no such file or directory"),
        (["--config", "."], "cannot read .: is a directory"),
        (["--substitutions", "A"], "--substitutions: 'A'"),
        (["--timeout", "soon"], "--timeout 'soon'"),
        (["--tag", "x", "--config", "y"], "--tag and --config together"),
        (["--tag", "X"], "--tag X: invalid image name"),
        (["--payload", "nowhere.json"], "cannot read nowhere.json"),
    ],
)
def test_mistakes_are_one_message(
    arguments: list[str], words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", str(folder), *arguments]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("error: ")
    assert words in shown


def test_without_a_config_the_way_out_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(tmp_path)]) == 2
    assert "name the file with --config FILE" in capsys.readouterr().err
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    assert main(["plan", str(tmp_path)]) == 2
    assert "--tag IMAGE" in capsys.readouterr().err
    assert main(["plan", str(tmp_path / "none")]) == 2


def test_warnings_go_beside_the_plan(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "cloudbuild.yaml").write_text("steps: [{name: b, args: x}]\nid: y\n")
    assert main(["plan", str(folder), "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["steps"][0]["args"] == ["x"]
    assert "cloudbuild.yaml:1:25: warning: one value for the list .steps[0].args" in err
    assert "cloudbuild.yaml:2:1: warning: .id is set by the service" in err
