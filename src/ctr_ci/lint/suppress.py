"""Pragmas: comments in the Dockerfile that silence findings, of our own spelling and of the tools
that people come from (hadolint, BuildKit, tally, trivy, checkov).

What a pragma reaches: `global` the file, `stage` the stage whose FROM follows, otherwise the
instruction that follows (any comments and blank lines between) or, inside a continued instruction,
that instruction.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from ctr_ci.lint.catalogue import spellings
from ctr_ci.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator

    from ctr_ci.dockerfile import Comment, Dockerfile
    from ctr_ci.lint.rule import Finding
    from ctr_ci.source import Span

# BuildKit reads these before it attaches comments to instructions, so a comment cannot skip them.
_UNSKIPPABLE = frozenset(
    ["noemptycontinuation", "consistentinstructioncasing", "duplicatestagename", "reservedstagename"]
)
_NAMES = r"[A-Za-z0-9_:/.*-]+(?:[ \t]*,[ \t]*[A-Za-z0-9_:/.*-]+)*"
_FORMS = (
    ("hadolint", r"hadolint[ \t]+(?:(?P<scope>global|stage)[ \t]+)?ignore[ \t]*=[ \t]*(?P<names>{})"),
    ("ctr-ci", r"ctr-ci:[ \t]*(?:(?P<scope>global|stage)[ \t]+)?ignore[ \t]*=[ \t]*(?P<names>{})"),
    ("tally", r"tally[ \t]+(?:(?P<scope>global)[ \t]+)?ignore[ \t]*=[ \t]*(?P<names>{})"),
    ("trivy", r"trivy:ignore:(?P<names>{})"),
    ("checkov", r"checkov:skip=(?P<names>{})"),
)
_compiled: list[tuple[str, re.Pattern[str]]] = []


@value
class Pragma:
    """A comment that silences `names` (as written) on the lines `first` to `last`, both included."""

    tool: str
    names: tuple[str, ...]
    span: Span
    first: int
    last: int
    scope: str = ""


class Silencer:
    """The pragmas of a file by the lines on which they act.

    Those of one scope act on stretches that are the same or do not touch, so that a line is looked up.
    """

    __slots__ = ("_first", "_named")

    def __init__(self, all_pragmas: Iterable[Pragma]) -> None:
        # scope -> where its stretches begin, and where each ends
        self._first: dict[str, tuple[list[int], list[int]]] = {}
        # stretch, and whether it is BuildKit's -> the names, in lower case, with the pragmas that say them
        self._named: dict[tuple[int, int, bool], dict[str, list[Pragma]]] = {}
        reaches: dict[str, set[tuple[int, int]]] = {}
        for one in all_pragmas:
            reaches.setdefault(one.scope, set()).add((one.first, one.last))
            names = self._named.setdefault((one.first, one.last, one.tool == "buildkit"), {})
            for name in one.names:
                names.setdefault(name.lower(), []).append(one)
        for scope, some in reaches.items():
            ordered = sorted(some)
            self._first[scope] = ([first for first, _ in ordered], [last for _, last in ordered])

    def silencing(self, finding: Finding) -> list[list[Pragma]]:
        """The pragmas that silence a finding, in a list for each name that does."""
        lines = {finding.span.start.line}
        if "buildkit:MultipleInstructionsDisallowed" in finding.aliases:
            lines.update(one.span.start.line for one in finding.related)
        found: list[list[Pragma]] = []
        for reach in {reach for line in lines for reach in self._reaches(line)}:
            for buildkit, spelled in ((True, _buildkit_names), (False, answers_to)):
                names = self._named.get((*reach, buildkit))
                if names:
                    found += [names[name] for name in spelled(finding) if name in names]
        return found

    def _reaches(self, line: int) -> Iterator[tuple[int, int]]:
        for first, last in self._first.values():
            at = bisect_right(first, line) - 1
            if at >= 0 and line <= last[at]:
                yield first[at], last[at]


def _buildkit_names(finding: Finding) -> frozenset[str]:
    known = {a.partition(":")[2].lower() for a in finding.rule.same_as if a.startswith("buildkit:")}
    return frozenset([*known, *(["all"] if known else []), finding.rule.name])


def answers_to(finding: Finding) -> frozenset[str]:
    """The names, in lower case, that a pragma or a setting may call this finding by."""
    rule = finding.rule
    names = {rule.id, rule.name, rule.category.value, "all"}
    names.update(*(spellings(alias) for alias in finding.aliases))
    return frozenset(name.lower() for name in names if name)


def pragmas(dockerfile: Dockerfile) -> tuple[Pragma, ...]:
    """All pragmas of a file, in order."""
    return tuple(_pragmas(dockerfile))


def _pragmas(dockerfile: Dockerfile) -> Iterator[Pragma]:
    source = dockerfile.source
    everything = (1, len(source.lines) + 1)
    for directive in dockerfile.directives:
        if directive.name == "check":
            names = _skipped(directive.value)
            if names:
                yield Pragma("buildkit", names, directive.span, *everything, scope="global")
    text = source.text.lower()
    if "ignore" not in text and "skip" not in text:
        return
    instructions = _Lines([each.span for each in dockerfile.instructions])
    stages = _Lines([each.base.span for each in dockerfile.stages])
    for comment in dockerfile.comments:
        yield from _of_comment(dockerfile, comment, instructions, stages)


class _Lines:
    """Stretches of lines that do not touch, in order."""

    __slots__ = ("first", "last")

    def __init__(self, spans: list[Span]) -> None:
        self.first = [span.start.line for span in spans]
        self.last = [span.end.line for span in spans]


def _of_comment(
    dockerfile: Dockerfile, comment: Comment, instructions: _Lines, stages: _Lines
) -> Iterator[Pragma]:
    body = comment.text.lower()
    if body.partition("=")[0].strip() == "check":
        names = tuple(n for n in _skipped(comment.text.partition("=")[2]) if n.lower() not in _UNSKIPPABLE)
        reach = _next(instructions, comment.line)
        if names and reach:
            yield Pragma("buildkit", names, comment.span, *reach)
        return
    if "ignore" not in body and "skip" not in body:
        return
    for tool, pattern in _patterns():
        match = pattern.match(comment.text)
        if match is None:
            continue
        names = tuple(name.strip() for name in match["names"].split(","))
        scope = (match.groupdict().get("scope") or "").lower()
        if tool == "checkov":
            scope, names = "global", tuple(name.partition(":")[0] for name in names)
        if scope == "global":
            reach = (1, len(dockerfile.source.lines) + 1)
        else:
            end = len(dockerfile.source.lines) + 1
            reach = _stage(stages, comment.line, end) if scope else _next(instructions, comment.line)
        if reach:
            yield Pragma(tool, names, comment.span, *reach, scope=scope)
        return


def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    import re

    if not _compiled:
        _compiled.extend(
            (tool, re.compile(form.replace("{}", _NAMES), re.IGNORECASE)) for tool, form in _FORMS
        )
    return _compiled


def _skipped(options: str) -> tuple[str, ...]:
    """The names of `skip=A,B;error=true`; BuildKit cuts the value at the first blank."""
    words = options.split(None, 1)
    for option in words[0].split(";") if words else ():
        key, _, names = option.partition("=")
        if key.strip().lower() == "skip":
            return tuple(name for name in names.split(",") if name)
    return ()


def _next(instructions: _Lines, line: int) -> tuple[int, int] | None:
    first, last = instructions.first, instructions.last
    at = bisect_left(first, line)
    if at and line <= last[at - 1]:
        return first[at - 1], last[at - 1]
    at = bisect_right(first, line)
    return (first[at], last[at]) if at < len(first) else None


def _stage(stages: _Lines, line: int, end: int) -> tuple[int, int] | None:
    first = stages.first
    at = bisect_right(first, line)
    if at == len(first):
        return None
    return first[at], first[at + 1] - 1 if at + 1 < len(first) else end


def unused(all_pragmas: Iterable[Pragma], findings: Iterable[Finding]) -> tuple[Pragma, ...]:
    """The pragmas that silence none of `findings`."""
    some = tuple(all_pragmas)
    silencer = Silencer(some)
    used: dict[int, list[Pragma]] = {}
    for finding in findings:
        for acting in silencer.silencing(finding):
            used[id(acting)] = acting
    acted = {id(one) for acting in used.values() for one in acting}
    return tuple(one for one in some if id(one) not in acted)
