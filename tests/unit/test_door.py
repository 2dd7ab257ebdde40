"""The command's door: help, typos, bugs, JSON errors, signals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ctr_ci.cli import COMMANDS, load, main, parser


def ctr_ci(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ctr_ci", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_without_a_command_the_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    shown = capsys.readouterr().out
    assert all(name in shown for name in COMMANDS)
    assert main(["--help"]) == 0


def test_a_mistyped_command_is_told_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lnt"]) == 2
    assert "did you mean `ctr-ci lint`?" in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_an_example_first(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.index("example:") < shown.index("options:")
    command = load(name)
    assert command.name == name
    assert all(option.help for option in command.options)
    assert parser(command).prog == f"ctr-ci {name}"


def test_an_unknown_option_is_one_message_and_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--no-such-option"]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("error: ")
    assert "--no-such-option" in shown
    assert "help: `ctr-ci lint --help`" in shown


def test_with_json_the_same_error_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "/no/such/place", "--format", "json"]) == 2
    errors = json.loads(capsys.readouterr().err)["errors"]
    assert "/no/such/place" in json.dumps(errors)


def test_the_version_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("ctr-ci ")


def test_a_bug_of_ours_is_one_line_and_a_saved_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def broken(name: str) -> None:
        raise ZeroDivisionError(name)

    monkeypatch.setattr("ctr_ci.cli.load", broken)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert main(["lint", "secret-argument"]) == 70
    shown = capsys.readouterr().err
    assert "Traceback" not in shown
    (report,) = tmp_path.glob("ctr-ci-bug-*.txt")
    assert str(report) in shown
    assert "ZeroDivisionError" in report.read_text()
    assert "secret-argument" not in report.read_text()


def test_a_closed_pipe_is_not_a_traceback() -> None:
    made = subprocess.run(
        f"{sys.executable} -m ctr_ci --help | true", shell=True, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in made.stderr
