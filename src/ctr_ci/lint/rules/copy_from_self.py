from __future__ import annotations

from ctr_ci.dockerfile import Copy
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    dockerfile = facts.dockerfile
    for copy in facts.each(Copy):
        word = copy.from_
        own = facts.stage_of(copy)
        if word is None or own is None or "$" in word.text:
            continue
        found = dockerfile.find(word.text)
        if found is None:
            continue
        if found.index == own.index or word.text.lower() == (own.name or ""):
            yield RULE.at(word.span, f"this stage is {word.text} itself")
        elif found.index > own.index:
            back = any(stage.index == own.index for stage in dockerfile.needs(found))
            why = "which needs this one: a circle" if back else "which comes later"
            yield RULE.at(word.span, f"copies from the stage {word.text}, {why}")


RULE = Rule(
    id="CT149",
    name="copy-from-self",
    severity=Severity.ERROR,
    category=Category.CORRECTNESS,
    summary="COPY --from must name an earlier stage",
    why="A stage cannot copy from itself, from a later one or in a circle; BuildKit stops with an error.",
    help="copy from an earlier stage, or move that stage up",
    examples=(
        Bad("FROM alpine:3.20 AS a\nCOPY --from=a /a /b\n", at="2:13-2:14"),
        Good("FROM alpine:3.20 AS a\nFROM alpine:3.20 AS b\nCOPY --from=a /a /b\n"),
    ),
    same_as=("DL3023", "trivy:DS006", "tally:circular-stage-deps"),
    check=check,
)
