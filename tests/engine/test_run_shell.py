"""A shell in a step's place, on a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from ctr_ci import record
from ctr_ci.problem import InputError
from ctr_ci.verbs.selection import Selection
from testbed.builds import Builds, leftovers, sh

STEPS = [
    {"args": ["sh", "-c", "echo made >f"], "id": "before"},
    {"args": ["sh", "-c", "echo other >g"], "id": "other", "waitFor": ["-"]},
    {"args": ["false"], "id": "look", "env": ["X=from the step"], "dir": "sub", "waitFor": ["before"]},
    {"args": ["true"], "id": "after"},
]


def until(terminal: int, word: bytes, timeout_s: float = 20) -> bytes:
    heard = b""
    deadline = time.monotonic() + timeout_s
    while word not in heard:
        ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
        assert ready, heard
        heard += os.read(terminal, 4096)
    return heard


def test_a_shell_has_what_the_step_would_have(engine_socket: str, busybox: str, tmp_path: Path) -> None:
    steps = [{"name": busybox, **step} for step in STEPS]
    (tmp_path / "build.json").write_text(json.dumps({"steps": steps}))
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    command = [sys.executable, "-m", "ctr_ci", "run", "--no-source", "--no-config", "--shell", "look"]
    process = subprocess.Popen(
        [*command, "--config", "build.json", "--engine", f"unix://{engine_socket}"],
        cwd=tmp_path,
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
    )
    try:
        until(ours, b"# ")
        os.write(ours, b'echo "[$X] $(pwd) $(ls ..)" $((6 * 7))\n')
        assert b"[from the step] /workspace/sub f sub 42" in until(ours, b"42").replace(b"\r\n", b" ")
        os.write(ours, b"\x03exit 9\n")  # Ctrl-C is the shell's
        assert process.wait(timeout=20) == 0
        assert termios.tcgetattr(theirs) == before
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(theirs)
        assert process.stderr is not None
        process.stderr.close()
    path = record.newest(tmp_path)
    assert path is not None
    done = record.read(path)
    assert [step.status for step in done.steps] == ["SUCCESS", "SKIPPED", "SUCCESS", "SKIPPED"]
    assert leftovers(engine_socket, done.build_id) == []


def test_a_shell_needs_a_terminal(ran: Builds) -> None:
    with pytest.raises(InputError, match="--shell without a terminal"):
        ran(sh("true"), shell="0", selection=Selection())
