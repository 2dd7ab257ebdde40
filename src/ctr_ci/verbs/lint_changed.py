"""Only what a change touches: findings on the lines that differ from a git revision."""

from __future__ import annotations

import os
import re
import subprocess

from ctr_ci.lint import Linted
from ctr_ci.problem import InputError, Problem
from ctr_ci.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.lint import Finding

_HUNK = re.compile(rb"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


def only_changed(linted: tuple[Linted, ...], revision: str) -> tuple[Linted, ...]:
    """The findings that meet lines changed since `revision`; a file that git does not know is all new.

    Raises InputError when git cannot compare.
    """
    return tuple(replace(file, findings=_touched(file, revision)) for file in linted)


def _touched(file: Linted, revision: str) -> tuple[Finding, ...]:
    lines = _changed(file.path, revision)
    if lines is None:
        return file.findings
    return tuple(one for one in file.findings if _meets(one, lines))


def _meets(finding: Finding, lines: set[int]) -> bool:
    spans = [finding.span, *(one.span for one in finding.related)]
    return any(number in lines for span in spans for number in range(span.start.line, span.end.line + 1))


def _changed(path: str, revision: str) -> set[int] | None:
    """The numbers of the changed lines; None for a file that is not in the revision."""
    folder, name = os.path.split(os.path.abspath(path))
    known = _git(folder, "cat-file", "-e", f"{revision}:./{name}")
    if known.returncode != 0:
        if _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").returncode != 0:
            raise InputError(
                Problem(
                    f"git knows no revision {revision!r}",
                    "a commit, branch or tag",
                    "git fetch it first?",
                    path,
                )
            )
        return None
    done = _git(folder, "diff", "--no-color", "--no-ext-diff", "--unified=0", revision, "--", name)
    if done.returncode != 0:
        raise InputError(Problem(f"git diff failed: {os.fsdecode(done.stderr).strip()}", path=path))
    lines: set[int] = set()
    for match in _HUNK.finditer(done.stdout):
        first, count = int(match[1]), int(match[2] or 1)
        lines.update(range(first, first + count))
    return lines


def _git(folder: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", "-C", folder, *words], capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
    except OSError as error:
        raise InputError(Problem("--diff-base needs git", "git on the PATH")) from error
