from __future__ import annotations

from ctr_ci.dockerfile import Maintainer
from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for one in facts.each(Maintainer):
        author = one.author.text.strip().strip("\"'")
        quoted = '"' + author.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$") + '"'
        label = f"LABEL org.opencontainers.image.authors={quoted}"
        inside = facts.outer(one) is not one
        yield RULE.at(
            one.keyword_span,
            "MAINTAINER is deprecated",
            help=f"write {label}",
            fix=None
            if inside or one.line.comments
            else Fix("use a label", Safety.SAFE, (Edit(one.span, label),)),
        )


RULE = Rule(
    id="CT128",
    name="maintainer",
    severity=Severity.INFO,
    category=Category.CORRECTNESS,
    summary="MAINTAINER is deprecated",
    why="It has been since 2017; a label says the same, can be read by tools, and can be set by any later "
    "stage.",
    examples=(
        Bad(
            "FROM alpine:3.20\nMAINTAINER Jo <jo@example.com>\n",
            at="2:1-2:11",
            fixed='FROM alpine:3.20\nLABEL org.opencontainers.image.authors="Jo <jo@example.com>"\n',
        ),
        Good('FROM alpine:3.20\nLABEL org.opencontainers.image.authors="Jo"\n'),
    ),
    same_as=("DL4000", "buildkit:MaintainerDeprecated", "trivy:DS022", "checkov:CKV_DOCKER_6"),
    check=check,
)
