from __future__ import annotations

from ctr_ci.dockerfile import Cmd, Entrypoint, User
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_NON_ROOT = ("nonroot", "unprivileged", "rootless", "non-root")


def check(facts: Facts) -> Iterator[Finding]:
    for stage in facts.shipping:
        last = None
        starts = False
        for link in facts.dockerfile.chain(stage):
            users = [one for one in link.instructions if isinstance(one, User)]
            starts = starts or any(isinstance(one, Cmd | Entrypoint) for one in link.instructions)
            last = last or (users[-1] if users else None)
        image = facts.image(stage)
        if last is not None:
            name = last.user.text.strip("\"'").partition(":")[0]
            if name in ("root", "0"):
                yield RULE.at(
                    last.user.span,
                    "the container runs as root: this is the last USER of the stage that ships",
                )
        elif image is not None and starts and not any(word in image.text for word in _NON_ROOT):
            yield RULE.at(
                stage.base.span,
                "no USER is set, so the container runs as the base image's user, root as a rule",
                severity=Severity.INFO,
            )


RULE = Rule(
    id="CT171",
    name="root",
    severity=Severity.WARNING,
    category=Category.SECURITY,
    summary="A container should not run as root",
    why=(
        "A program that is broken into has the rights of its user, and root in a container is a step from "
        "root on the "
        "host. Only the effective user of the stage that ships counts; USER root for a while in the middle "
        "is fine."
    ),
    help="create a user, and end with USER and its number, such as USER 10001",
    examples=(
        Bad('FROM alpine:3.20\nUSER root\nCMD ["a"]\n', at="2:6-2:10"),
        Good('FROM alpine:3.20\nUSER root\nRUN apk add --no-cache curl\nUSER 10001\nCMD ["a"]\n'),
    ),
    same_as=("DL3002", "trivy:DS002", "checkov:CKV_DOCKER_3", "checkov:CKV_DOCKER_8", "dockle:CIS-DI-0001"),
    check=check,
)
