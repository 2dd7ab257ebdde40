from __future__ import annotations

from ctr_ci.dockerfile import Workdir
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_SYSTEM = frozenset([
    "/etc", "/usr", "/usr/bin", "/bin", "/sbin", "/usr/sbin", "/lib", "/lib64", "/boot", "/dev",
    "/proc", "/sys", "/run", "/var",
])  # fmt: skip


def check(facts: Facts) -> Iterator[Finding]:
    for workdir in facts.each(Workdir):
        path = workdir.path.text.strip("\"'").rstrip("/")
        if path in _SYSTEM:
            yield RULE.at(
                workdir.path.span,
                f"{path} belongs to the system",
                help="use a folder of your own, such as /app",
            )


RULE = Rule(
    id="CT189",
    name="system-workdir",
    severity=Severity.INFO,
    category=Category.CORRECTNESS,
    summary="WORKDIR should not be a system folder",
    why="Files of the application and of the distribution get mixed, and a package update may replace yours.",
    examples=(
        Bad("FROM alpine:3.20\nWORKDIR /etc\n", at="2:9-2:13"),
        Good("FROM alpine:3.20\nWORKDIR /app\n"),
    ),
    same_as=("trivy:DS030",),
    check=check,
)
