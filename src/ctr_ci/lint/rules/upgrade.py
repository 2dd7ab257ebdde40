from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.packages import SYSTEM
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for run in facts.each(Run):
        if not facts.ships(run):
            continue
        for one in facts.operations(run):
            if one.manager not in SYSTEM or one.verb not in ("upgrade", "dist-upgrade") or one.packages:
                continue
            release = one.verb == "dist-upgrade"
            yield RULE.at(
                facts.span(run, one.command.words[0].start, one.verb_word.end),
                f"`{one.tool} {one.verb_word.text}` stores every upgraded package a second time, and "
                "differs from day to day",
                help="take a newer base image",
                severity=Severity.WARNING if release else None,
                code="DL3035" if one.manager == "zypper" and release else "",
            )


RULE = Rule(
    id="CT210",
    name="upgrade",
    severity=Severity.INFO,
    category=Category.REPRODUCIBILITY,
    summary="Upgrading all packages in a layer",
    why=(
        "The old files stay in the base's layers and the new ones are added. Where security updates must "
        "come sooner "
        "than the base image does, it is a decision: ignore this rule then."
    ),
    examples=(
        Bad(
            "FROM debian:12\nRUN apt-get update && apt-get upgrade -y && rm -rf /var/lib/apt/lists/*\n",
            at="2:23-2:38",
        ),
        Good("FROM debian:12\n"),
    ),
    same_as=("DL3035", "trivy:DS024", "dockle:DKL-DI-0003"),
    check=check,
)
