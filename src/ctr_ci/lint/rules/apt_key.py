from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for run, command in facts.commands():
        if command.name == "apt-key" and command.values[:1] not in (("list",), ("--help",)):
            yield RULE.at(
                facts.span(run, command.start, command.words[0].end),
                "apt-key is deprecated, and gone in Debian 13: its keys are trusted for every repository",
                help="write the key to /etc/apt/keyrings/NAME.asc and say signed-by= in the list",
            )


RULE = Rule(
    id="CT214",
    name="apt-key",
    severity=Severity.WARNING,
    category=Category.SECURITY,
    summary="apt-key is deprecated",
    why="A key added by apt-key may sign packages of any repository. A keyring with `signed-by` signs for "
    "one.",
    examples=(
        Bad("FROM debian:12\nRUN curl -f https://example.com/k | apt-key add -\n", at="2:37-2:44"),
        Good("FROM debian:12\nRUN curl -f -o /etc/apt/keyrings/k.asc https://example.com/k\n"),
    ),
    check=check,
)
