from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.packages import SYSTEM, assumes_yes
from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity
from ctr_ci.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_ASKING = frozenset(
    ["install", "groupinstall", "upgrade", "dist-upgrade", "remove", "autoremove", "build-dep"]
)
_CODES = {
    "apt-get": "DL3014",
    "apt": "DL3014",
    "yum": "DL3030",
    "zypper": "DL3034",
    "dnf": "DL3038",
    "microdnf": "DL3038",
}


def check(facts: Facts) -> Iterator[Finding]:
    for run in facts.each(Run):
        script = facts.script(run)
        answered = script is not None and any(command.name == "yes" for command in script.commands)
        for one in facts.operations(run):
            if (
                one.manager not in SYSTEM
                or one.manager == "apk"
                or one.verb not in _ASKING
                or assumes_yes(one)
                or answered
            ):
                continue
            if one.has("--dry-run", "--simulate", "-s", "--download-only"):
                continue
            flag = "--noconfirm" if one.manager == "pacman" else "-n" if one.manager == "zypper" else "-y"
            word = one.command.words[0] if one.manager == "zypper" else one.verb_word
            end = facts.span(run, word.start, word.end).end
            yield RULE.at(
                facts.span(run, one.command.words[0].start, one.verb_word.end),
                f"`{one.tool} {one.verb_word.text}` asks before it acts, and a build has nobody to answer",
                help=f"add {flag}",
                fix=Fix(f"add {flag}", Safety.SAFE, (Edit(Span(end, end), f" {flag}"),)),
                code=_CODES.get(one.tool, ""),
            )


RULE = Rule(
    id="CT206",
    name="assume-yes",
    severity=Severity.WARNING,
    category=Category.CORRECTNESS,
    summary="Package managers must not ask",
    why="Without `-y` the package manager asks, reads the end of its input and stops the build.",
    examples=(
        Bad(
            "FROM fedora:41\nRUN dnf install curl && dnf clean all\n",
            at="2:5-2:16",
            fixed="FROM fedora:41\nRUN dnf install -y curl && dnf clean all\n",
        ),
        Good("FROM fedora:41\nRUN dnf install -y curl && dnf clean all\n"),
    ),
    same_as=("DL3014", "DL3030", "DL3034", "DL3038", "trivy:DS021"),
    check=check,
)
