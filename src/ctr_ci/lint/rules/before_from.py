from __future__ import annotations

from ctr_ci.dockerfile import Arg, Unknown
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    first = facts.dockerfile.stages[0].base.start if facts.dockerfile.stages else None
    if first is None:
        return
    for instruction in facts.dockerfile.instructions:
        if instruction.start >= first:
            return
        if not isinstance(instruction, Arg | Unknown):
            yield RULE.at(instruction.keyword_span, f"{instruction.keyword} stands before the first FROM")


RULE = Rule(
    id="CT127",
    name="before-from",
    severity=Severity.ERROR,
    category=Category.CORRECTNESS,
    summary="Only ARG may stand before FROM",
    why="An instruction changes an image, and before FROM there is none: the build stops here.",
    help="move it below FROM",
    examples=(
        Bad("LABEL a=b\nFROM alpine:3.20\n", at="1:1-1:6"),
        Good("ARG TAG=3.20\nFROM alpine:$TAG\n"),
    ),
    same_as=("DL3061",),
    check=check,
)
