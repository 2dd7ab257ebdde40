from __future__ import annotations

from ctr_ci.dockerfile import From
from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity
from ctr_ci.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for base in facts.each(From):
        flag = base.flag("platform")
        if flag is None or flag.value not in ("$TARGETPLATFORM", "${TARGETPLATFORM}"):
            continue
        place = Span(flag.span.start, base.image.span.start)
        yield RULE.at(
            flag.span,
            "--platform=$TARGETPLATFORM is the default",
            fix=Fix("leave it out", Safety.SAFE, (Edit(place, ""),)),
        )


RULE = Rule(
    id="CT145",
    name="platform-redundant",
    severity=Severity.INFO,
    category=Category.STYLE,
    summary="--platform=$TARGETPLATFORM says nothing",
    why="A stage is built for the target platform unless told otherwise.",
    examples=(
        Bad("FROM --platform=$TARGETPLATFORM debian:12\n", at="1:6-1:32", fixed="FROM debian:12\n"),
        Good("FROM debian:12\n"),
    ),
    same_as=("DL3065", "buildkit:RedundantTargetPlatform"),
    check=check,
)
