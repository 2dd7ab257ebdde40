from __future__ import annotations

from ctr_ci.dockerfile import Onbuild
from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    words = [instruction.line.keyword for instruction in facts.dockerfile.instructions]
    words += [one.inner.line.keyword for one in facts.each(Onbuild)]
    words = [word for word in words if word.text.isalpha()]  # `{{template}}` is no instruction
    lower = sum(word.text.islower() for word in words)
    upper = sum(word.text.isupper() for word in words)
    to_lower = lower > upper
    for word in words:
        meant = word.text.lower() if to_lower else word.text.upper()
        if word.text != meant:
            yield RULE.at(
                word.span,
                f"{word.text} is not in {'lower' if to_lower else 'upper'} case like the others",
                fix=Fix(f"write {meant}", Safety.SAFE, (Edit(word.span, meant),)),
            )


RULE = Rule(
    id="CT122",
    name="instruction-casing",
    severity=Severity.STYLE,
    category=Category.STYLE,
    summary="Instructions should be in one case",
    why="BuildKit reads them in any case; people find them by their capitals.",
    examples=(
        Bad(
            "FROM alpine:3.20\nRun echo a\nRUN echo b\n",
            at="2:1-2:4",
            fixed="FROM alpine:3.20\nRUN echo a\nRUN echo b\n",
        ),
        Good("from alpine:3.20\nrun echo a\n"),
    ),
    same_as=("buildkit:ConsistentInstructionCasing",),
    check=check,
)
