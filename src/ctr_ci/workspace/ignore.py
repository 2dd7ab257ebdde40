"""Which files of a folder a build sees: `.gcloudignore`, as gcloud reads it. Pure but for the files.

gitignore's patterns, plus `#!include:FILE`. As in gcloud: only the root's file counts, and a child
of an ignored folder cannot be taken in again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ctr_ci.problem import InputError, Problem
from ctr_ci.value import value

INCLUDE = "#!include:"
# What gcloud generates where there is no .gcloudignore but a git repository.
GENERATED = (".gcloudignore", ".git", ".gitignore", f"{INCLUDE}.gitignore")
OURS = "/.ctr-ci/"  # the records of earlier runs are no part of the source


@value
class Pattern:
    """One line: what it matches, whether it takes in again, whether only folders count."""

    expression: re.Pattern[str]
    takes_in: bool
    folders_only: bool


@value
class Ignore:
    """`ignored` says whether a path (relative to the root, with `/`) is left out."""

    patterns: tuple[Pattern, ...]

    def ignored(self, path: str, is_folder: bool) -> bool:
        for pattern in reversed(self.patterns):
            if (is_folder or not pattern.folders_only) and pattern.expression.fullmatch(path):
                return not pattern.takes_in
        return False


def ignore_of(root: Path, given: Path | None = None) -> Ignore:
    """The rules for a folder: `given`, else its .gcloudignore, else (in a git repository) what
    gcloud would generate, else none. Raises InputError for a file that cannot be read."""
    file = given or root / ".gcloudignore"
    if given is not None or file.exists():
        lines: Sequence[str] = _read(file)
    elif (root / ".git").exists() or (root / ".gitignore").exists():
        lines = GENERATED
    else:
        lines = ()
    return Ignore((*(parsed for line in _included(lines, root) if (parsed := parse(line))), *_ours()))


def parse(line: str) -> Pattern | None:
    """A pattern of gitignore(5), None for a blank line or a comment."""
    if line.startswith("#"):
        return None
    text = re.sub(r"(?<!\\)((?:\\\\)*) +$", r"\1", line)
    takes_in = text.startswith("!")
    text = text[1:] if takes_in else text
    folders_only = text.endswith("/")
    text = text.rstrip("/") if folders_only else text
    if not text:
        return None
    anchored = "/" in text
    body = "".join(_expression(text.lstrip("/")))
    return Pattern(re.compile(body if anchored else f"(?:.*/)?{body}", re.DOTALL), takes_in, folders_only)


def _expression(glob: str) -> Iterator[str]:
    at = 0
    while at < len(glob):
        if glob.startswith("**/", at) and (at == 0 or glob[at - 1] == "/"):
            yield "(?:.*/)?"
            at += 3
        elif glob[at:] == "**" and at and glob[at - 1] == "/":
            yield ".+"
            at += 2
        elif glob[at] == "*":
            yield "[^/]*"
            while at < len(glob) and glob[at] == "*":
                at += 1
        elif glob[at] == "?":
            yield "[^/]"
            at += 1
        elif glob[at] == "[" and (end := _class_end(glob, at)):
            inner = glob[at + 1 : end].replace("\\", "\\\\").replace("[", "\\[")
            yield f"(?!/)[{'^' + inner[1:] if inner[0] in '!^' else inner}]"
            at = end + 1
        else:
            at += glob[at] == "\\" and at + 1 < len(glob)
            yield re.escape(glob[at])
            at += 1


def _class_end(glob: str, at: int) -> int:
    """Where a [class] ends, 0 where it does not."""
    first = at + 2 if glob[at + 1 : at + 2] in ("!", "^") else at + 1
    return max(0, glob.find("]", first + 1))


def _included(lines: Sequence[str], root: Path) -> Iterator[str]:
    """The lines with those of included files in place; one level, as in gcloud."""
    for line in lines:
        if line.startswith(INCLUDE):
            file = root / line.removeprefix(INCLUDE).strip()
            if file.exists() or lines is not GENERATED:
                yield from _read(file)
        else:
            yield line


def _ours() -> Iterator[Pattern]:
    pattern = parse(OURS)
    if pattern is not None:
        yield pattern


def _read(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError as error:
        raise InputError(
            Problem(f"cannot read it: {error.strerror}", "an ignore file", path=str(file))
        ) from error
