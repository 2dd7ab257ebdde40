"""Completion scripts, tried in the real shells."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ctr_ci.cli import COMMANDS, main
from testbed import debian


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


def completed(text: str, tmp_path: Path, *words: str) -> set[str]:
    """What bash offers for the last of `words`."""
    (tmp_path / "ctr-ci.bash").write_text(text)
    ask = (
        f"source {tmp_path}/ctr-ci.bash; COMP_WORDS=({' '.join(repr(w) for w in words)}); "
        f"COMP_CWORD={len(words) - 1}; f=$(complete -p ctr-ci | sed 's/.*-F \\([^ ]*\\).*/\\1/'); "
        f"$f ctr-ci {words[-1]!r} {words[-2]!r}; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    made = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True)
    return set(made.stdout.split())


def test_bash_offers_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert set(COMMANDS) <= completed(script("bash", capsys), tmp_path, "ctr-ci", "")


def test_bash_offers_a_commands_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--fail-on" in completed(script("bash", capsys), tmp_path, "ctr-ci", "lint", "--fail")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_read_their_script(
    shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"ctr-ci.{shell}"
    path.write_text(script(shell, capsys))
    made = subprocess.run(
        [debian.command(shell), "-n", str(path)], capture_output=True, text=True, check=False
    )
    assert (made.returncode, made.stderr) == (0, "")


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "tcsh"]) == 2
    assert "bash" in capsys.readouterr().err
