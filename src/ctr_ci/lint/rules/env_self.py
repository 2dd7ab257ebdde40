from __future__ import annotations

from ctr_ci.dockerfile import Env
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for env in facts.each(Env):
        if len(env.pairs) < 2:
            continue
        state = None
        for at, pair in enumerate(env.pairs):
            value = pair.value
            if value is None or "$" not in value.text:
                continue
            state = state or facts.before(env)
            for name in state.expand(value).unset:
                if any(other.key.text == name for other in env.pairs[:at]):
                    yield RULE.at(
                        value.span,
                        f"${name} is set in this same ENV, and does not count until the next instruction",
                        help="set it in an ENV of its own, above",
                    )


RULE = Rule(
    id="CT155",
    name="env-self",
    severity=Severity.ERROR,
    category=Category.CORRECTNESS,
    summary="One ENV cannot use what it sets itself",
    why="All values of an ENV are expanded with the variables as they were before it: `ENV A=2 B=$A` takes "
    "the old A.",
    examples=(
        Bad("FROM alpine:3.20\nENV A=1 B=$A\n", at="2:11-2:13"),
        Good("FROM alpine:3.20\nENV A=1\nENV B=$A\n"),
    ),
    same_as=("DL3044",),
    check=check,
)
