from __future__ import annotations

from ctr_ci.dockerfile import Workdir
from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for workdir in facts.each(Workdir):
        path = workdir.path.text.strip("\"'")
        if path.startswith(("/", "$", "\\")) or path[1:2] == ":" or facts.before(workdir).workdir is not None:
            continue
        yield RULE.at(
            workdir.path.span,
            f"WORKDIR {workdir.path.text} depends on the base image's WORKDIR",
            help=f"write the whole path, such as /{path}",
            fix=Fix("make it absolute", Safety.UNSAFE, (Edit(workdir.path.span, f"/{path}"),))
            if path
            else None,
        )


RULE = Rule(
    id="CT103",
    name="relative-workdir",
    severity=Severity.WARNING,
    category=Category.CORRECTNESS,
    summary="The first WORKDIR should be absolute",
    why=(
        "A relative WORKDIR starts from the folder that the base image happens to set, and moves when the "
        "base "
        "changes its own. After an absolute one in the same chain of stages, a relative one is well defined."
    ),
    examples=(
        Bad("FROM alpine:3.20\nWORKDIR app\n", at="2:9-2:12", fixed="FROM alpine:3.20\nWORKDIR /app\n"),
        Good("FROM alpine:3.20\nWORKDIR /app\nWORKDIR src\n"),
        Good("FROM alpine:3.20\nWORKDIR $HOME/app\n"),
    ),
    same_as=(
        "DL3000",
        "buildkit:WorkdirRelativePath",
        "trivy:DS009",
        "checkov:CKV_DOCKER_10",
    ),
    check=check,
)
