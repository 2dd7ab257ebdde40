from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity
from ctr_ci.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.packages import Operation
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    configured = "apt.conf" in facts.source.text and "recommends" in facts.source.text.lower()
    if configured:
        return
    for run in facts.each(Run):
        for one in facts.operations(run):
            if one.manager != "apt" or one.verb != "install" or one.tool == "aptitude" or _without(one):
                continue
            word = one.verb_word
            end = facts.span(run, word.start, word.end).end
            yield RULE.at(
                facts.span(run, one.command.words[0].start, word.end),
                f"`{one.tool} install` brings recommended packages too",
                help="add --no-install-recommends, and name what you need of them",
                fix=Fix(
                    "add --no-install-recommends",
                    Safety.UNSAFE,
                    (Edit(Span(end, end), " --no-install-recommends"),),
                ),
            )


def _without(one: Operation) -> bool:
    if one.has("--no-install-recommends", "--install-recommends=false", "--install-recommends=no"):
        return True
    return any("recommends" in text.lower() for _, text in one.settings)


RULE = Rule(
    id="CT205",
    name="no-recommends",
    severity=Severity.INFO,
    category=Category.SIZE,
    summary="apt-get install should not bring recommended packages",
    why=(
        "Debian's recommended packages are what a desktop would want: `cmake` grows from 85 to 338 MB with "
        "them. "
        "In an image, name what you need."
    ),
    examples=(
        Bad(
            "FROM debian:12\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n",
            at="2:23-2:38",
            fixed=(
                "FROM debian:12\nRUN apt-get update && apt-get install --no-install-recommends -y curl "
                "&& rm -rf /var/lib/apt/lists/*\n"
            ),
        ),
        Good(
            "FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends curl "
            "&& rm -rf /var/lib/apt/lists/*\n"
        ),
    ),
    same_as=("DL3015", "trivy:DS029"),
    check=check,
)
