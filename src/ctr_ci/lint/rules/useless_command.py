from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_COMMANDS = frozenset([
    "service", "systemctl", "ssh", "vim", "shutdown", "mount", "ps", "top", "free", "kill", "ifconfig",
    "reboot", "umount", "halt", "poweroff",
])  # fmt: skip


def check(facts: Facts) -> Iterator[Finding]:
    for run, command in facts.commands():
        if command.name not in _COMMANDS or "-V" in command.values or "--version" in command.values:
            continue
        if command.name == "systemctl" and command.values[:1] in (
            ("enable",),
            ("disable",),
            ("mask",),
            ("set-default",),
        ):
            continue
        if command.name in ("ps", "kill", "ssh", "service", "mount") and (
            "subshell" in command.nesting or len(facts.source.lines) > 400
        ):
            continue
        yield RULE.at(
            facts.span(run, command.start, command.words[0].end),
            f"`{command.name}` makes no sense in a build: what it starts or changes ends with this RUN",
        )


RULE = Rule(
    id="CT223",
    name="useless-command",
    severity=Severity.INFO,
    category=Category.CORRECTNESS,
    summary="Commands that do nothing for an image",
    why="A RUN keeps files, not processes: a started service, a mount or a killed process is gone when it "
    "ends.",
    examples=(
        Bad("FROM debian:12\nRUN service nginx start\n", at="2:5-2:12"),
        Good('FROM debian:12\nCMD ["nginx", "-g", "daemon off;"]\n'),
    ),
    same_as=("DL3001",),
    check=check,
)
