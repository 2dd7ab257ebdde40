from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for run, command in facts.commands():
        if command.name != "ln" or not command.values or command.values[-1] not in ("/bin/sh", "/usr/bin/sh"):
            continue
        plain = [text for text in command.values if not text.startswith("-")]
        target = plain[0] if len(plain) > 1 else ""
        yield RULE.at(
            facts.span(run, command.start, command.end),
            "/bin/sh is replaced for every script of the image",
            help=f'use SHELL ["{target if target.startswith("/") else "/bin/" + (target or "bash")}", "-c"]',
        )


RULE = Rule(
    id="CT228",
    name="ln-sh",
    severity=Severity.ERROR,
    category=Category.CORRECTNESS,
    summary="SHELL chooses the shell of RUN",
    why="Scripts of the distribution count on the shell that is /bin/sh; SHELL changes it for the "
    "Dockerfile alone.",
    examples=(
        Bad("FROM debian:12\nRUN ln -sf /bin/bash /bin/sh\n", at="2:5-2:29"),
        Good('FROM debian:12\nSHELL ["/bin/bash", "-c"]\n'),
    ),
    same_as=("DL4005",),
    check=check,
)
