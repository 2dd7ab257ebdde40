"""Pragmas: comments in the Dockerfile that silence findings, of our own spelling and of the tools
that people come from (hadolint, BuildKit, tally, trivy, checkov).

What a pragma reaches: `global` the file, `stage` the stage whose FROM follows, otherwise the
instruction that follows (any comments and blank lines between) or, inside a continued instruction,
that instruction.
"""

from __future__ import annotations

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

    def silences(self, finding: Finding) -> bool:
        places = [finding.span.start.line, *(one.span.start.line for one in finding.related)]
        if not any(self.first <= line <= self.last for line in places):
            return False
        if not (
            self.first <= places[0] <= self.last
            or "buildkit:MultipleInstructionsDisallowed" in finding.aliases
        ):
            return False
        return any(_same(name, finding, self.tool) for name in self.names)


def _same(name: str, finding: Finding, tool: str) -> bool:
    spelled = name.lower()
    if tool == "buildkit":
        known = {a.partition(":")[2].lower() for a in finding.rule.same_as if a.startswith("buildkit:")}
        return spelled in known or (spelled == "all" and bool(known)) or spelled == finding.rule.name
    return spelled in answers_to(finding)


def answers_to(finding: Finding) -> frozenset[str]:
    """The names, in lower case, that a pragma or a setting may call this finding by."""
    rule = finding.rule
    names = {rule.id, rule.name, rule.category.value, "all"}
    for alias in finding.aliases:
        names |= {alias, alias.partition(":")[2]}
    names |= {f"hadolint/{alias}" for alias in finding.aliases if alias.startswith("DL")}
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
    for comment in dockerfile.comments:
        yield from _of_comment(dockerfile, comment)


def _of_comment(dockerfile: Dockerfile, comment: Comment) -> Iterator[Pragma]:
    body = comment.text.lower()
    if body.partition("=")[0].strip() == "check":
        names = tuple(n for n in _skipped(comment.text.partition("=")[2]) if n.lower() not in _UNSKIPPABLE)
        reach = _next(dockerfile, comment.line)
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
            reach = (_stage if scope else _next)(dockerfile, comment.line)
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


def _next(dockerfile: Dockerfile, line: int) -> tuple[int, int] | None:
    for instruction in dockerfile.instructions:
        span = instruction.span
        if span.start.line > line or span.start.line < line <= span.end.line:
            return span.start.line, span.end.line
    return None


def _stage(dockerfile: Dockerfile, line: int) -> tuple[int, int] | None:
    stages = dockerfile.stages
    for index, stage in enumerate(stages):
        if stage.base.span.start.line > line:
            after = stages[index + 1].base.span.start.line - 1 if index + 1 < len(stages) else None
            return stage.base.span.start.line, after or len(dockerfile.source.lines) + 1
    return None


def unused(all_pragmas: Iterable[Pragma], findings: Iterable[Finding]) -> tuple[Pragma, ...]:
    """The pragmas that silence none of `findings`."""
    raised = tuple(findings)
    return tuple(one for one in all_pragmas if not any(one.silences(finding) for finding in raised))
