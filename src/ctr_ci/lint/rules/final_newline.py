from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity
from ctr_ci.source import Position, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    lines = facts.source.lines
    last = facts.dockerfile.instructions[-1:]
    if any(not heredoc.terminated for one in last for heredoc in one.heredocs):
        return  # the end is the content of a file
    if lines and lines[-1]:
        end = Position(len(lines), len(lines[-1]) + 1)
        place = Span(end, end)
        yield RULE.at(
            place,
            "the last line has no end",
            fix=Fix("end it", Safety.SAFE, (Edit(place, "\n"),)),
        )


RULE = Rule(
    id="CT302",
    name="final-newline",
    severity=Severity.STYLE,
    category=Category.STYLE,
    summary="A text file ends with a line end",
    why="Tools that append, compare or count lines expect it.",
    examples=(
        Bad("FROM alpine:3.20", at="1:17-1:17", fixed="FROM alpine:3.20\n"),
        Good("FROM alpine:3.20\n"),
    ),
    same_as=("tally:eol-last",),
    default=False,
    check=check,
)
