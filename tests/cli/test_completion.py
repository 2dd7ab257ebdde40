"""Completion scripts, tried in the real shells."""

from __future__ import annotations

import os
import pty
import select
import signal
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


def test_fish_offers_a_commands_options_and_their_values(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ctr-ci.fish"
    path.write_text(script("fish", capsys))

    def offered(line: str) -> set[str]:
        ask = f"source {path}; complete -C {line!r}"
        made = subprocess.run(
            [debian.command("fish"), "--no-config", "-c", ask], capture_output=True, text=True, check=True
        )
        return {word.partition("\t")[0] for word in made.stdout.splitlines()}

    assert set(COMMANDS) <= offered("ctr-ci ")
    assert "--fail-on" in offered("ctr-ci lint --fail")
    assert {"error", "warning"} <= offered("ctr-ci lint --fail-on ")


def test_zsh_completes_an_option_at_the_prompt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "_ctr-ci").write_text(script("zsh", capsys))
    (tmp_path / ".zshrc").write_text(
        f"PS1='> '; fpath=({tmp_path} $fpath); autoload -Uz compinit; compinit -u -d {tmp_path}/dump\n"
    )
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "TERM": "dumb"}
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(debian.command("zsh"), ["zsh", "-i"], environment)
    try:
        for typed, awaited in ((b"", b"> "), (b"ctr-ci lint --fail\t", b"--fail-on")):
            os.write(terminal, typed)
            said = b""
            while awaited not in said:
                assert select.select([terminal], [], [], 30)[0], f"zsh said {said!r} and no more"
                said += os.read(terminal, 4096)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.close(terminal)
        os.waitpid(pid, 0)


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "tcsh"]) == 2
    assert "bash" in capsys.readouterr().err
