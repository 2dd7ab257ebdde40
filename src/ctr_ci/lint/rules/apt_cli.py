from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for run in facts.each(Run):
        for one in facts.operations(run):
            if one.tool != "apt":
                continue
            word = one.command.words[0]
            place = facts.span(run, word.start, word.end)
            path = word.text == "apt"
            better = (
                "apt-get"
                if one.verb not in ("search", "show", "list", "policy", "depends", "showpkg")
                else "apt-cache"
            )
            fix = (
                Fix(f"use {better}", Safety.SAFE, (Edit(place, better),))
                if path and one.verb_word.text != "list"
                else None
            )
            yield RULE.at(
                place, "apt is for people: its command line is not stable", help=f"use {better}", fix=fix
            )


RULE = Rule(
    id="CT207",
    name="apt-cli",
    severity=Severity.WARNING,
    category=Category.STYLE,
    summary="Scripts should use apt-get, not apt",
    why="apt warns on every call that its interface may change; apt-get's does not.",
    examples=(
        Bad(
            "FROM debian:12\nRUN apt update && apt-get install -y curl\n",
            at="2:5-2:8",
            fixed="FROM debian:12\nRUN apt-get update && apt-get install -y curl\n",
        ),
        Good("FROM debian:12\nRUN apt-get update && apt-get install -y curl\n"),
    ),
    same_as=("DL3027", "checkov:CKV_DOCKER_9"),
    check=check,
)
