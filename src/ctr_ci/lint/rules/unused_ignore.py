from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    """The findings are made by `lint.check`, which alone knows what was silenced."""
    yield from ()


RULE = Rule(
    id="CT135",
    name="unused-ignore",
    severity=Severity.INFO,
    category=Category.STYLE,
    summary="A comment that silences nothing should go",
    why="It outlived what it excused, or never reached it; left there, it will hide the next real finding.",
    help="delete the comment",
    examples=(
        Bad("# hadolint ignore=DL3006\nFROM alpine:3.20\n", at="1:1-1:25"),
        Good("# hadolint ignore=DL3006\nFROM alpine\n"),
    ),
    same_as=("tally:unused-directive",),
    default=False,
    check=check,
)
