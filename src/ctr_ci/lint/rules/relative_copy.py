from __future__ import annotations

from ctr_ci.dockerfile import Add, Copy
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for one in facts.each(Copy, Add):
        target = one.destination.text.strip("\"'")
        if target.startswith(("/", "$", "\\")) or target[1:2] == ":" or facts.before(one).workdir is not None:
            continue
        stage = facts.stage_of(one)
        if stage is None:
            continue
        yield RULE.at(
            one.destination.span,
            f"{target or '.'} is relative, and no WORKDIR is set: the base image's decides where it goes",
            help="set WORKDIR above, or write the whole path",
        )


RULE = Rule(
    id="CT178",
    name="relative-copy",
    severity=Severity.INFO,
    category=Category.CORRECTNESS,
    summary="COPY to a relative path needs a WORKDIR",
    why="Without a WORKDIR in the stage or in the stages below it, the destination moves with the base "
    "image.",
    examples=(
        Bad("FROM debian:12\nCOPY a b\n", at="2:8-2:9"),
        Good("FROM debian:12\nWORKDIR /app\nCOPY a b\n"),
    ),
    same_as=("DL3045",),
    check=check,
)
