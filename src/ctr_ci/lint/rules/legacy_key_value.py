from __future__ import annotations

from ctr_ci.dockerfile import Env, Label
from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.dockerfile import Pair
    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for one in facts.each(Env, Label):
        if not one.legacy or not one.pairs:
            continue
        pair = one.pairs[0]
        fix = (
            _fix(pair)
            if pair.value is not None and facts.outer(one) is one and not one.line.comments
            else None
        )
        yield RULE.at(
            one.arguments.span(0, len(one.arguments.text)),
            f"{one.keyword} {pair.key.text} is written without `=`",
            help=f"write {one.keyword} {pair.key.text}=…",
            fix=fix,
        )


def _fix(pair: Pair) -> Fix | None:
    value = pair.value
    if value is None or "\n" in value.text or pair.key.end > value.start:
        return None
    text = value.text
    if "\\" in text or "`" in text or "'" in text:
        return None  # quoting and escapes differ between the two forms: leave it to a person
    whole = text[:1] == '"' and text[-1:] == '"' and text.count('"') == 2
    if '"' in text and not whole:
        return None
    if (not whole and any(c in text for c in " \t")) or not text:
        text = f'"{text}"'
    place = pair.key.source.span(pair.key.end, value.end)
    return Fix("write it with =", Safety.SAFE, (Edit(place, f"={text}"),))


RULE = Rule(
    id="CT129",
    name="legacy-key-value",
    severity=Severity.STYLE,
    category=Category.STYLE,
    summary="ENV and LABEL should be written with `=`",
    why="The form `ENV key value` takes the rest of the line as one value, is easily misread, and is "
    "deprecated.",
    examples=(
        Bad("FROM alpine:3.20\nENV A b\n", at="2:5-2:8", fixed="FROM alpine:3.20\nENV A=b\n"),
        Bad("FROM alpine:3.20\nENV A b c\n", at="2:5-2:10", fixed='FROM alpine:3.20\nENV A="b c"\n'),
        Good("FROM alpine:3.20\nENV A=b\n"),
    ),
    same_as=("buildkit:LegacyKeyValueFormat",),
    check=check,
)
