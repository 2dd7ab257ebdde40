from __future__ import annotations

from ctr_ci.dockerfile import Label
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for label in facts.each(Label):
        for pair in label.pairs:
            if pair.value is not None and pair.value.text in ("", '""', "''"):
                yield RULE.at(pair.key.span, f"the label {pair.key.text} is empty")


RULE = Rule(
    id="CT160",
    name="label-empty",
    severity=Severity.STYLE,
    category=Category.STYLE,
    summary="A label should say something",
    why="An empty label is there and tells nothing; tools that ask for it get an empty answer.",
    help="give it a value, or delete it",
    examples=(
        Bad('FROM alpine:3.20\nLABEL a=""\n', at="2:7-2:8"),
        Good("FROM alpine:3.20\nLABEL a=b\n"),
    ),
    same_as=("DL3051",),
    check=check,
)
