from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_NAMES = ("syntax", "escape", "check")


def check(facts: Facts) -> Iterator[Finding]:
    dockerfile = facts.dockerfile
    known = {directive.span.start.line for directive in dockerfile.directives}
    first = dockerfile.instructions[0].span.start.line if dockerfile.instructions else 1 << 30
    for comment in dockerfile.comments:
        name, equals, value = comment.text.partition("=")
        name = name.strip().lower()
        if not equals or comment.line in known or comment.line > first or name not in _NAMES:
            continue
        if name == "check":
            continue  # above an instruction it is BuildKit's pragma
        if " " in value.strip() and name != "check":
            continue
        yield RULE.at(
            comment.span,
            f"`{name}=` has no effect here: directives count at the very top only, before any other line",
            help="move it to the first line",
        )


RULE = Rule(
    id="CT132",
    name="bad-directive",
    severity=Severity.ERROR,
    category=Category.CORRECTNESS,
    summary="A parser directive below the top is a mere comment",
    why=(
        "The first line that is no directive ends the search for them, a blank line or another comment too. "
        "An "
        "`escape` that is ignored changes how every continued line is read."
    ),
    examples=(
        Bad("# my image\n# syntax=docker/dockerfile:1\nFROM alpine:3.20\n", at="2:1-2:29"),
        Good("# syntax=docker/dockerfile:1\n# my image\nFROM alpine:3.20\n"),
    ),
    same_as=("tally:syntax-directive-typo",),
    check=check,
)
