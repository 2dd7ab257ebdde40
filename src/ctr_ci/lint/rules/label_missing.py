from __future__ import annotations

from ctr_ci.dockerfile import Label
from ctr_ci.lint.rule import Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    if not facts.settings.labels:
        return
    for stage in facts.shipping:
        chain = facts.dockerfile.chain(stage)
        keys = {
            pair.key.text.strip("\"'")
            for link in chain
            for one in link.instructions
            if isinstance(one, Label)
            for pair in one.pairs
        }
        missing = [name for name, _ in facts.settings.labels if name not in keys]
        if missing:
            said = f"label {missing[0]} is" if len(missing) == 1 else f"labels {', '.join(missing)} are"
            lines = " ".join(f"{name}=…" for name in missing)
            yield RULE.at(stage.base.span, f"the {said} missing", help=f"add LABEL {lines}")


RULE = Rule(
    id="CT158",
    name="label-missing",
    severity=Severity.INFO,
    category=Category.STYLE,
    summary="An image must have the labels that the configuration names",
    why="Set `labels` in the configuration to the labels that every image of yours should have.",
    examples=(Good("FROM alpine:3.20\n"),),
    same_as=("DL3049",),
    check=check,
)
