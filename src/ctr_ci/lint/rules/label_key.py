from __future__ import annotations

from ctr_ci.dockerfile import Label
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_RESERVED = ("com.docker.", "io.docker.", "org.dockerproject.")


def check(facts: Facts) -> Iterator[Finding]:
    for label in facts.each(Label):
        for pair in label.pairs:
            key = pair.key.text.strip("\"'")
            if "$" in key:
                continue
            if key.startswith(_RESERVED):
                yield RULE.at(pair.key.span, f"the namespace of {key} is reserved for Docker")
            elif (
                key != key.lower()
                or set(key) - set("abcdefghijklmnopqrstuvwxyz0123456789.-_/")
                or key[:1] in ".-_"
            ):
                yield RULE.at(
                    pair.key.span, f"the key {key} should be lower case letters, digits, `.`, `-`, `_`, `/`"
                )


RULE = Rule(
    id="CT157",
    name="label-key",
    severity=Severity.STYLE,
    category=Category.STYLE,
    summary="Label keys should be plain, and not Docker's own",
    why="Tools that select by label compare exactly, and Docker keeps three namespaces for itself.",
    examples=(
        Bad("FROM alpine:3.20\nLABEL Version=1\n", at="2:7-2:14"),
        Good("FROM alpine:3.20\nLABEL org.opencontainers.image.version=1\n"),
    ),
    same_as=("DL3048", "tally:labels/valid-key"),
    check=check,
)
