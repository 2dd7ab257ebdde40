"""A second opinion on a Dockerfile, by dockerfile-parse: the only importer of that library.

It cuts lines by code of its own, so a rewritten file on which the two readings agree was not
rewritten into something else by a mistake of ours. It knows no heredocs, no blank lines within a
continuation, no columns; so it reads a copy of equal line count in which these are masked. Not for
the linter's usual path: the import takes longer than linting a file.
"""

from __future__ import annotations

import io
import re

from ctr_ci.dockerfile.instruction import Unknown
from ctr_ci.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.dockerfile.file import Dockerfile

MARK = "\u2063"  # stands for an escape character that the second reader would take for a continuation


@value
class Reading:
    """One instruction as the second reader sees it; lines count from 1."""

    keyword: str
    value: str
    start_line: int
    end_line: int


def readings(dockerfile: Dockerfile) -> tuple[Reading, ...]:
    """The instructions of the file's source as dockerfile-parse cuts them."""
    return _read(_masked(dockerfile))


def disagreement(dockerfile: Dockerfile) -> str:
    """Where the two readings of a file differ, "" where they do not: a sentence for a person."""
    source = dockerfile.source
    second = readings(dockerfile)
    if len(second) != len(dockerfile.instructions):
        return f"{len(dockerfile.instructions)} instructions against {len(second)} in the second reading"
    for ours, theirs in zip(dockerfile.instructions, second, strict=True):
        line = ours.span.start.line
        if ours.keyword != theirs.keyword or line != theirs.start_line:
            return f"{ours.keyword} in line {line} against {theirs.keyword} in line {theirs.start_line}"
        mine = _plain(source.text[ours.line.keyword.end : ours.line.head_end], dockerfile.escape)
        other = _plain(theirs.value, dockerfile.escape)
        if not isinstance(ours, Unknown) and not ours.line.comments and mine != other:
            return f"the {ours.keyword} in line {line} is {mine!r} against {other!r}"
    return ""


def _plain(text: str, escape: str) -> str:
    """A text without continuations, blanks and escape characters: what both readers must agree on."""
    return re.sub(r"\s+", "", text).replace(escape, "").replace(MARK, "")


def _masked(dockerfile: Dockerfile) -> str:
    source, escape = dockerfile.source, dockerfile.escape
    lines = list(source.lines)
    for each in dockerfile.instructions:
        for number in each.line.blanks:
            lines[number - 1] = "#"
        if each.heredocs:
            first = source.position(each.line.head_end).line
            last = source.position(each.line.end).line
            lines[first:last] = ["#"] * (last - first)
    for at, line in enumerate(lines):
        bare = line.rstrip(" \t")
        if bare.strip() == escape:
            lines[at] = "#"
        elif bare.endswith(escape * 2):
            lines[at] = bare[:-1] + MARK
    while lines and lines[-1].rstrip().endswith(escape):
        lines[-1] = lines[-1].rstrip()[:-1]
    for found in dockerfile.directives:
        if found.name == "escape" and found.used:
            at = source.position(found.start).line - 1
            lines[0], lines[at] = lines[at].strip(), "#" if at else lines[at].strip()
    return "\n".join(lines) + "\n"


def _read(text: str) -> tuple[Reading, ...]:
    from dockerfile_parse import DockerfileParser

    raw = text.encode("utf-8", "replace")
    structure = DockerfileParser(fileobj=io.BytesIO(raw), env_replace=False).structure
    return tuple(
        [
            Reading(each["instruction"], each["value"], each["startline"] + 1, each["endline"] + 1)
            for each in structure
            if each["instruction"] != "COMMENT"
        ]
    )
