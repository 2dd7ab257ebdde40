"""What `ctr-ci run` says of bad input, each kind once: one message, a way out, the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ctr_ci.cli import main

GOOD = "steps:\n- name: busybox\n  id: one\n"
NOWHERE = "unix:///nowhere/docker.sock"


def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str
) -> tuple[int, str]:
    monkeypatch.chdir(folder)
    code = main(["run", "--no-config", "--engine", NOWHERE, *arguments])
    seen = capsys.readouterr()
    assert seen.out == ""
    assert "Traceback" not in seen.err
    assert not (folder / ".ctr-ci").exists()
    return code, seen.err


CASES = [
    # arguments, the config (None: no file), exit code, what must be said
    ((), None, 2, "error: no cloudbuild.yaml in .; expected one of"),
    (("--config", "gone.yaml"), GOOD, 2, "cannot read gone.yaml"),
    ((), "steps: [", 2, "cloudbuild.yaml:1:"),
    ((), "steps:\n- nam: busybox\n", 2, "cloudbuild.yaml:2:3: error: "),
    ((), "steps:\n- name: busybox\n  args: ['$PATH']\n", 2, "write $$PATH"),
    (("nowhere",), GOOD, 2, "error: no source nowhere"),
    (("--tag", "app"), None, 2, "error: no Dockerfile in ."),
    (("--substitutions", "A"), GOOD, 2, "expected KEY=VALUE"),
    (("--only", "two"), GOOD, 2, "error: no step 'two'; expected one of one"),
    (("--secret", "S=hunter22"), GOOD, 2, "error: --secret S=***; expected NAME=env:VARIABLE"),
    (("--builder", "x"), GOOD, 2, "error: --builder 'x'; expected NAME=IMAGE"),
    (("--jobs", "0"), GOOD, 2, "error: --jobs 0; expected at least 1"),
    (("--jobs", "many"), GOOD, 2, "invalid int value"),
    (("--shell", "one"), GOOD, 2, "error: --shell without a terminal"),
    (("--pul", "never"), GOOD, 2, "unrecognized arguments: --pul"),
    (("--engine", "ftp://x"), GOOD, 2, "error: engine address 'ftp://x'"),
    ((), GOOD, 3, f"error: no container engine at {NOWHERE}: nothing listens there"),
]


@pytest.mark.parametrize(("arguments", "config", "code", "said"), CASES)
def test_bad_input_is_told(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: tuple[str, ...],
    config: str | None,
    code: int,
    said: str,
) -> None:
    if config is not None:
        (tmp_path / "cloudbuild.yaml").write_text(config)
    found, told = run(capsys, monkeypatch, tmp_path, *arguments)
    assert (found, said in told) == (code, True), told
    assert "hunter22" not in told


def test_errors_are_json_where_json_was_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "cloudbuild.yaml").write_text("steps:\n- nam: busybox\n")
    code, told = run(capsys, monkeypatch, tmp_path, "--format", "json")
    errors = json.loads(told)["errors"]
    assert code == 2
    assert (errors[0]["path"], errors[0]["line"], errors[0]["column"]) == ("cloudbuild.yaml", 2, 3)


def test_a_dry_run_needs_no_engine_and_asks_for_no_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "cloudbuild.yaml").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    command = ["run", "--no-config", "--engine", NOWHERE, "--dry-run"]
    assert main([*command, "--secret", "S=cmd:touch asked"]) == 0
    assert "busybox" in capsys.readouterr().out
    assert main([*command, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"][0]["image"] == "busybox"
    assert not (tmp_path / "asked").exists()
    assert not (tmp_path / ".ctr-ci").exists()
