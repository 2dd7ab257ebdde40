from __future__ import annotations

from ctr_ci.dockerfile import From
from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for base in facts.each(From):
        word, keyword = base.as_, base.line.keyword.text
        if word is None or not (keyword.isupper() or keyword.islower()):
            continue
        meant = "AS" if keyword.isupper() else "as"
        if word.text != meant:
            yield RULE.at(
                word.span,
                f"`{word.text}` differs in case from `{keyword}`",
                fix=Fix(f"write {meant}", Safety.SAFE, (Edit(word.span, meant),)),
            )


RULE = Rule(
    id="CT123",
    name="as-casing",
    severity=Severity.STYLE,
    category=Category.STYLE,
    summary="AS should have the case of its FROM",
    why="One spelling is easier to read and to search for.",
    examples=(
        Bad("FROM alpine:3.20 as base\n", at="1:18-1:20", fixed="FROM alpine:3.20 AS base\n"),
        Good("FROM alpine:3.20 AS base\n"),
    ),
    same_as=("buildkit:FromAsCasing",),
    check=check,
)
