from __future__ import annotations

from ctr_ci.dockerfile import Label
from ctr_ci.lint.rule import Bad, Category, Good, Related, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.dockerfile import Word
    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for stage in facts.dockerfile.stages:
        last: dict[str, Word] = {}
        for label in stage.instructions:
            if not isinstance(label, Label):
                continue
            for pair in label.pairs:
                key = pair.key.text.strip("\"'")
                earlier = last.get(key)
                if earlier is not None and "$" not in key:
                    yield RULE.at(
                        earlier.span,
                        f"the label {key} is set again below, so this one has no effect",
                        help="delete one of them",
                        related=(Related(pair.key.span, "this one counts"),),
                    )
                last[key] = pair.key


RULE = Rule(
    id="CT163",
    name="duplicate-label",
    severity=Severity.WARNING,
    category=Category.CORRECTNESS,
    summary="A label that is set twice in a stage",
    why="Only the last value is in the image; the earlier one looks as if it were.",
    examples=(
        Bad("FROM alpine:3.20\nLABEL a=1\nLABEL a=2\n", at="2:7-2:8"),
        Good("FROM alpine:3.20\nLABEL a=1 b=2\n"),
    ),
    same_as=("tally:labels/no-duplicate-keys",),
    check=check,
)
