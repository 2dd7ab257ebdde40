from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity
from ctr_ci.source import Position, Span
from ctr_ci.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


@value
class MaxLines:
    """`lines`: how many lines with text a file may have."""

    lines: int = 150


def check(facts: Facts) -> Iterator[Finding]:
    limit = facts.option(RULE, MaxLines).lines
    used = [
        n
        for n, line in enumerate(facts.source.lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if len(used) > limit:
        number = used[limit]
        place = Span(Position(number, 1), Position(number, len(facts.source.lines[number - 1]) + 1))
        yield RULE.at(
            place, f"{len(used)} lines with text, more than {limit}", help="move steps to scripts or stages"
        )


RULE = Rule(
    id="CT303",
    name="max-lines",
    severity=Severity.STYLE,
    category=Category.STYLE,
    summary="A Dockerfile should not be too long",
    why="What does not fit the head is not reviewed. Comments and blank lines do not count.",
    examples=(
        Bad("FROM alpine:3.20\n" + "RUN echo a\n" * 150, at="151:1-151:11"),
        Good("FROM alpine:3.20\n"),
    ),
    same_as=("tally:max-lines",),
    default=False,
    options=MaxLines,
    check=check,
)
