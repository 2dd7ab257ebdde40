from __future__ import annotations

from ctr_ci.dockerfile import Healthcheck
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for stage in facts.shipping:
        chain = facts.dockerfile.chain(stage)
        if not any(isinstance(one, Healthcheck) for link in chain for one in link.instructions):
            yield RULE.at(stage.base.span, "the image that ships has no HEALTHCHECK")


RULE = Rule(
    id="CT185",
    name="healthcheck",
    severity=Severity.INFO,
    category=Category.CORRECTNESS,
    summary="An image can say how to tell that it works",
    why="Docker and Swarm restart what is unhealthy. Kubernetes ignores HEALTHCHECK, so this is off by "
    "default.",
    help="add HEALTHCHECK CMD …",
    examples=(
        Bad("FROM alpine:3.20\n", at="1:1-1:17"),
        Good("FROM alpine:3.20\nHEALTHCHECK CMD true\n"),
    ),
    same_as=("DL3057", "trivy:DS026", "checkov:CKV_DOCKER_2", "dockle:CIS-DI-0006"),
    default=False,
    check=check,
)
