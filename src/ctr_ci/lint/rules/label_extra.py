from __future__ import annotations

from ctr_ci.dockerfile import Label
from ctr_ci.lint.rule import Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    if not facts.settings.strict_labels:
        return
    known = {name for name, _ in facts.settings.labels}
    for label in facts.each(Label):
        for pair in label.pairs:
            if pair.key.text.strip("\"'") not in known:
                yield RULE.at(pair.key.span, f"{pair.key.text} is not among the labels of the configuration")


RULE = Rule(
    id="CT159",
    name="label-extra",
    severity=Severity.INFO,
    category=Category.STYLE,
    summary="With strict labels, no other label may be set",
    why="Set `strict-labels` in the configuration to allow only the labels that `labels` names.",
    examples=(Good("FROM alpine:3.20\nLABEL a=b\n"),),
    same_as=("DL3050",),
    check=check,
)
