from __future__ import annotations

from ctr_ci.dockerfile import Onbuild, Unknown
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_FORBIDDEN = ("ONBUILD", "FROM", "MAINTAINER")


def check(facts: Facts) -> Iterator[Finding]:
    for one in facts.dockerfile.instructions:
        inner = one.inner.keyword if isinstance(one, Onbuild) else ""
        if not inner and isinstance(one, Unknown) and one.keyword == "ONBUILD":
            inner = (one.arguments.text.split() or [""])[0].upper()
        if inner in _FORBIDDEN:
            yield RULE.at(
                one.span, f"ONBUILD may not hold {inner}", help="only other instructions can be triggered"
            )


RULE = Rule(
    id="CT133",
    name="invalid-onbuild",
    severity=Severity.ERROR,
    category=Category.CORRECTNESS,
    summary="ONBUILD may not hold ONBUILD, FROM or MAINTAINER",
    why="BuildKit refuses it: a trigger runs in the image built on this one, which has its base already.",
    examples=(
        Bad("FROM alpine:3.20\nONBUILD FROM debian:12\n", at="2:1-2:23"),
        Good("FROM alpine:3.20\nONBUILD RUN echo a\n"),
    ),
    same_as=("DL3043", "tally:invalid-onbuild-trigger"),
    check=check,
)
