"""Asks shellcheck about the scripts of many Dockerfiles, in one process, and maps what it says back.

Each script becomes a file with two lines in front: the dialect, and an `export` of the variables that ARG,
ENV and Docker itself set. What shellcheck says of those two lines is dropped.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile

from ctr_ci.dockerfile import RUN_ARGUMENTS, Dockerfile, Run
from ctr_ci.lint import Context, Facts, ShellNote
from ctr_ci.settings import LintSettings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctr_ci.source import Span

_EXCLUDED = "SC1090,SC1091,SC1128,SC2187,SC2148"  # the first four as hadolint does
_LEAD = 2  # lines in front of a script
_SHELLS = {
    "bash": "bash",
    "ksh": "ksh",
    "mksh": "ksh",
    "dash": "dash",
    "ash": "busybox",
    "busybox": "busybox",
}
_BY_DISTRO = {"debian": "dash", "alpine": "busybox", "busybox": "busybox", "rpm": "bash", "arch": "bash"}


def program() -> str | None:
    """The path of shellcheck: the one beside this interpreter (the extra), else the one on the PATH."""
    beside = os.path.join(os.path.dirname(sys.executable), "shellcheck")
    return beside if os.access(beside, os.X_OK) else shutil.which("shellcheck")


def notes(
    shellcheck: str, dockerfiles: Sequence[Dockerfile], settings: LintSettings
) -> list[tuple[ShellNote, ...]]:
    """shellcheck's notes on each Dockerfile, in their order. Scripts it cannot read give none."""
    with tempfile.TemporaryDirectory(prefix="ctr-ci-") as folder:
        runs: list[tuple[int, Run]] = []
        for number, dockerfile in enumerate(dockerfiles):
            for run, text in _scripts(dockerfile, settings):
                with open(
                    os.path.join(folder, str(len(runs))), "w", encoding="utf-8", errors="replace"
                ) as file:
                    file.write(text)
                runs.append((number, run))
        found: list[list[ShellNote]] = [[] for _ in dockerfiles]
        for comment in _ask(shellcheck, folder, len(runs)):
            number, run = runs[int(comment["file"])]  # type: ignore[call-overload]
            note = _note(run, comment)
            if note is not None:
                found[number].append(note)
    return [tuple(some) for some in found]


def _ask(shellcheck: str, folder: str, count: int) -> Iterator[dict[str, object]]:
    for first in range(0, count, 500):
        names = [str(number) for number in range(first, min(first + 500, count))]
        command = [shellcheck, "--norc", "-f", "json1", "-e", _EXCLUDED, *names]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False, stdin=subprocess.DEVNULL)
        if done.stdout:
            yield from json.loads(done.stdout)["comments"]


def _scripts(dockerfile: Dockerfile, settings: LintSettings) -> Iterator[tuple[Run, str]]:
    facts = Facts(dockerfile, settings, Context())
    for run in facts.each(Run):
        if run.script is None or facts.script(run) is None or not run.script.text.strip():
            continue
        state = facts.before(run)
        names = sorted({*state.env, *state.arguments, *RUN_ARGUMENTS, "HOME", "HOSTNAME", "PATH"})
        exports = " ".join(f"{name}=x" for name in names if name.isidentifier() and name.isascii())
        dialect = _dialect(facts, run)
        yield run, f"# shellcheck shell={dialect}\nexport {exports}\n{run.script.text}\n"


def _dialect(facts: Facts, run: Run) -> str:
    words = tuple(run.interpreter.split()) if run.interpreter else facts.shell(run)
    if run.json is not None:
        words = tuple(word.text for word in run.json)
    name = words[-1] if run.interpreter and "env" in words[0] else words[0]
    name = name.rpartition("/")[2]
    return _SHELLS.get(name) or _BY_DISTRO.get(facts.distro(run), "sh")


def _note(run: Run, comment: dict[str, object]) -> ShellNote | None:
    place = _offsets(run, comment)
    if place is None or run.script is None:
        return None
    span = run.script.span(*place)
    edits: list[tuple[Span, str]] = []
    fix = comment.get("fix")
    for one in fix["replacements"] if isinstance(fix, dict) else ():
        at = _offsets(run, one)
        where = run.script.span(*at) if at else None
        if at is None or where is None or run.script.source.slice(where) != run.script.text[slice(*at)]:
            edits = []
            break
        edits.append((where, str(one["replacement"])))
    code, message = f"SC{comment['code']}", str(comment["message"])
    return ShellNote(span, code, str(comment["level"]), message, tuple(edits))


def _offsets(run: Run, place: dict[str, object]) -> tuple[int, int] | None:
    lines = run.script.text.split("\n") if run.script else []
    ends = []
    for line_key, column_key in (("line", "column"), ("endLine", "endColumn")):
        line = int(place[line_key]) - _LEAD  # type: ignore[call-overload]
        if not 1 <= line <= len(lines):
            return None
        before = sum(len(text) + 1 for text in lines[: line - 1])
        ends.append(before + min(int(place[column_key]) - 1, len(lines[line - 1])))  # type: ignore[call-overload]
    return ends[0], max(ends)
