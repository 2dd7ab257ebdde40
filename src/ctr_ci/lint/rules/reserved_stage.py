from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_RESERVED = ("scratch", "context")


def check(facts: Facts) -> Iterator[Finding]:
    for stage in facts.dockerfile.stages:
        word = stage.base.name
        if word is not None and word.text.lower() in _RESERVED:
            yield RULE.at(
                word.span, f"{word.text} means something else to BuildKit", help="give the stage another name"
            )


RULE = Rule(
    id="CT126",
    name="reserved-stage",
    severity=Severity.ERROR,
    category=Category.CORRECTNESS,
    summary="Stages cannot be named scratch or context",
    why="`scratch` is the empty image and `context` the build context; a stage of that name cannot be "
    "referred to.",
    examples=(
        Bad("FROM alpine:3.20 AS scratch\n", at="1:21-1:28"),
        Good("FROM alpine:3.20 AS empty\n"),
    ),
    same_as=("DL3063", "buildkit:ReservedStageName"),
    check=check,
)
