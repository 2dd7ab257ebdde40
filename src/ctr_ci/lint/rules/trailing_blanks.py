from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity
from ctr_ci.source import Position, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    bodies: set[int] = set()
    for instruction in facts.dockerfile.instructions:
        for heredoc in instruction.heredocs:
            last = facts.source.position(heredoc.end).line
            bodies.update(range(heredoc.body.span(0, 0).start.line, last + 1))
    for number, line in enumerate(facts.source.lines, 1):
        bare = line.rstrip(" \t")
        if bare != line and number not in bodies and not bare.endswith(("\\", "`")):
            place = Span(Position(number, len(bare) + 1), Position(number, len(line) + 1))
            yield RULE.at(
                place,
                "blanks at the end of the line",
                fix=Fix("delete them", Safety.UNSAFE, (Edit(place, ""),)),
            )


RULE = Rule(
    id="CT301",
    name="trailing-blanks",
    severity=Severity.STYLE,
    category=Category.STYLE,
    summary="Lines should not end in blanks",
    why="Nobody sees them, and some instructions take them as part of a value.",
    examples=(
        Bad("FROM alpine:3.20\nUSER 1000 \n", at="2:10-2:11", fixed="FROM alpine:3.20\nUSER 1000\n"),
        Good("FROM alpine:3.20\nUSER 1000\n"),
    ),
    same_as=("tally:no-trailing-spaces",),
    default=False,
    check=check,
)
