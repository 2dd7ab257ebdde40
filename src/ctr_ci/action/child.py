"""Runs one command of ctr-ci as a process; nothing that it prints can act on the workflow."""

from __future__ import annotations

import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Mapping
from types import FrameType
from typing import TextIO

from ctr_ci.github import command, defuse, resume, stop

# What lets a process speak as the job, or change what later steps see.
PRIVATE = re.compile(r"^(ACTIONS_|CTR_CI_INPUT_)|^GITHUB_(TOKEN|ENV|PATH|OUTPUT|STATE|STEP_SUMMARY)$")
# What signs for the job: for the push alone.
SIGNING = ("CTR_CI_KEY_PASSWORD", "SIGSTORE_ID_TOKEN")


def environment_of(given: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """The environment for a command: the job's, without what only the job itself may have."""
    kept = {name: value for name, value in given.items() if not PRIVATE.match(name) and name not in SIGNING}
    return kept | dict(more)


def run(
    arguments: list[str],
    environment: Mapping[str, str],
    out: TextIO,
    title: str,
    hide: str = "",
    given: str | None = None,
) -> tuple[int, str]:
    """Runs `ctr-ci ARGUMENTS` to its end: its exit code and what it said.

    Everything it says is shown as it comes, in a group, with workflow commands switched off. A
    signal to us goes to it, so that it removes what it made; then the second one ends it.
    Lines that begin with `hide` (if not "") are returned only. `given`: its standard input.
    """
    token = secrets.token_hex(16)
    out.write(command("group", title) + "\n" + stop(token) + "\n")
    out.flush()
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "ctr_ci", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        bufsize=1,
    )
    said: list[str] = []

    def forward(number: int, _: FrameType | None) -> None:
        child.send_signal(number)

    before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        if given is not None and child.stdin is not None:
            child.stdin.write(given)
            child.stdin.close()
        assert child.stdout is not None
        for line in child.stdout:
            said.append(line)
            if not hide or not line.startswith(hide):
                out.write(defuse(line))
                out.flush()
        code = child.wait()
    finally:
        if child.stdout is not None:
            child.stdout.close()
        for number, handler in before.items():
            signal.signal(number, handler)
        if said and not said[-1].endswith("\n"):
            out.write("\n")
        out.write(resume(token) + "\n" + command("endgroup") + "\n")
        out.flush()
    return code, "".join(said)
