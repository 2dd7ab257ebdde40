from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for run, command in facts.commands():
        if command.name != "chmod":
            continue
        mode = next((word for word in command.arguments if not word.text.startswith("-")), None)
        if mode is None or mode.value is None:
            continue
        text = mode.value
        numeric = text.isdigit() and len(text) == 4 and int(text[0]) & 6
        if numeric or "+s" in text or ("u=" in text and "s" in text.partition("u=")[2].partition(",")[0]):
            yield RULE.at(
                facts.span(run, mode.start, mode.end),
                f"chmod {text} makes a program run with its owner's rights",
                help="give the program a capability, or the user the right",
            )


RULE = Rule(
    id="CT231",
    name="setuid",
    severity=Severity.INFO,
    category=Category.SECURITY,
    summary="Set-user-ID programs are ways to root",
    why="Whoever can start the program has its owner's rights while it runs, and each bug in it is a way up.",
    examples=(
        Bad("FROM alpine:3.20\nRUN chmod u+s /app\n", at="2:11-2:14"),
        Good("FROM alpine:3.20\nRUN chmod 755 /app\n"),
    ),
    same_as=("dockle:CIS-DI-0008",),
    check=check,
)
