from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity
from ctr_ci.source import Position, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for instruction in facts.dockerfile.instructions:
        blanks = instruction.line.blanks
        if not blanks:
            continue
        edits = tuple(Edit(Span(Position(number, 1), Position(number + 1, 1)), "") for number in blanks)
        first = Span(Position(blanks[0], 1), Position(blanks[0], 1))
        yield RULE.at(
            first,
            f"a blank line inside the {instruction.keyword} instruction; it goes on below",
            help="delete it, or write `#` there",
            fix=Fix("delete the blank lines", Safety.SAFE, edits),
        )


RULE = Rule(
    id="CT121",
    name="empty-continuation",
    severity=Severity.WARNING,
    category=Category.CORRECTNESS,
    summary="A continued instruction should hold no blank line",
    why=(
        "BuildKit still joins the lines and warns that it will stop doing so; readers take a blank line for "
        "the "
        "end of the instruction."
    ),
    examples=(
        Bad(
            "FROM alpine:3.20\nRUN echo a \\\n\n    && echo b\n",
            at="3:1-3:1",
            fixed="FROM alpine:3.20\nRUN echo a \\\n    && echo b\n",
        ),
        Good("FROM alpine:3.20\nRUN echo a \\\n    # why b\n    && echo b\n"),
    ),
    same_as=("buildkit:NoEmptyContinuation",),
    check=check,
)
