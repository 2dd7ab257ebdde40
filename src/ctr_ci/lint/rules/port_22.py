from __future__ import annotations

from ctr_ci.dockerfile import Expose, Run
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for one in facts.each(Expose):
        if not facts.ships(one):
            continue
        for word in one.ports:
            if word.text.partition("/")[0] == "22":
                yield RULE.at(
                    word.span,
                    "port 22: an SSH server in a container",
                    help="use `docker exec` or `kubectl exec`",
                )
    for run in facts.each(Run):
        for operation in facts.operations(run) if facts.ships(run) else ():
            if operation.verb != "install":
                continue
            for package in operation.packages:
                if (package.value or "").partition("=")[0] in (
                    "openssh-server",
                    "openssh-sftp-server",
                    "dropbear",
                ):
                    yield RULE.at(
                        facts.span(run, package.start, package.end),
                        f"{package.value} is an SSH server in the image that ships",
                        help="use `docker exec` or `kubectl exec`",
                    )


RULE = Rule(
    id="CT184",
    name="port-22",
    severity=Severity.WARNING,
    category=Category.SECURITY,
    summary="A container needs no SSH server",
    why="It is one more service to patch, with keys of its own, and `docker exec` does the same without it.",
    examples=(
        Bad("FROM alpine:3.20\nEXPOSE 22\n", at="2:8-2:10"),
        Good("FROM alpine:3.20\nEXPOSE 8080\n"),
    ),
    same_as=("trivy:DS004", "checkov:CKV_DOCKER_1"),
    check=check,
)
