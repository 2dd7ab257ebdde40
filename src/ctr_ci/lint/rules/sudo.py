from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity
from ctr_ci.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for run, command in facts.commands():
        if command.name != "sudo" or (command.wrappers and command.wrappers[-1] == "sudo"):
            continue
        word = command.words[0]
        user = facts.before(run).user
        plain = (
            len(command.words) > 1
            and not command.words[1].text.startswith("-")
            and "=" not in command.words[1].text
        )
        is_root = user is not None and user.partition(":")[0] in ("root", "0")
        fix = None
        if plain and is_root:
            place = Span(
                facts.span(run, word.start, word.end).start,
                facts.span(run, command.words[1].start, command.words[1].end).start,
            )
            fix = Fix("leave sudo out", Safety.UNSAFE, (Edit(place, ""),))
        yield RULE.at(
            facts.span(run, word.start, word.end),
            "sudo in a build: USER says who runs a RUN",
            help="leave it out"
            if user is None or is_root
            else "write USER root above, and the user again below",
            fix=fix,
        )


RULE = Rule(
    id="CT222",
    name="sudo",
    severity=Severity.ERROR,
    category=Category.SECURITY,
    summary="sudo has no place in a RUN",
    why="It passes no signals on, asks for a terminal, and leaves a way to root in the image that ships.",
    examples=(
        Bad(
            "FROM debian:12\nUSER root\nRUN sudo ls\n",
            at="3:5-3:9",
            fixed="FROM debian:12\nUSER root\nRUN ls\n",
        ),
        Good("FROM debian:12\nRUN ls\n"),
    ),
    same_as=("DL3004", "trivy:DS010", "checkov:CKV2_DOCKER_1", "dockle:DKL-DI-0001"),
    check=check,
)
