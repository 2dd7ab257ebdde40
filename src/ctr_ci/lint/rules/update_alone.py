from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for run in facts.each(Run):
        operations = [one for one in facts.operations(run) if one.manager == "apt"]
        updates = [one for one in operations if one.verb == "update"]
        if not updates or any(one.verb not in ("update", "clean", "autoclean") for one in operations):
            continue
        script = facts.script(run)
        if script is None or any(
            c.name in ("apt-file", "aptitude", "tasksel", "debootstrap", "dpkg", "gdebi")
            for c in script.commands
        ):
            continue
        if any(
            c.name.endswith((".sh", ".py")) or c.name in ("bash", "sh", "curl", "wget")
            for c in script.commands
        ):
            continue
        if any("/var/lib/apt" in mount.target for mount in run.mounts):
            continue
        one = updates[-1]
        yield RULE.at(
            facts.span(run, one.command.words[0].start, one.verb_word.end),
            "apt-get update in a RUN of its own is cached: later installs meet lists of some other day",
            help="run it together with apt-get install",
        )


RULE = Rule(
    id="CT203",
    name="update-alone",
    severity=Severity.ERROR,
    category=Category.CORRECTNESS,
    summary="apt-get update belongs into the RUN that installs",
    why=(
        "The layer with the lists is cached as long as its text is the same. When the install below it "
        "changes months "
        "later, it asks mirrors for versions that are gone, and fails with 404."
    ),
    examples=(
        Bad("FROM debian:12\nRUN apt-get update\nRUN apt-get install -y curl\n", at="2:5-2:19"),
        Good("FROM debian:12\nRUN apt-get update && apt-get install -y curl\n"),
    ),
    same_as=("trivy:DS017", "checkov:CKV_DOCKER_5", "dockle:CIS-DI-0007"),
    check=check,
)
