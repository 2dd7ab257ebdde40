from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for run in facts.each(Run):
        for one in facts.operations(run):
            if one.manager != "apt" or one.verb != "install":
                continue
            for word in one.packages:
                text = word.value
                if (
                    text is None
                    or not text
                    or any(sign in text for sign in "=/")
                    or (text.endswith((".deb", "+", "-")) and not text.endswith("++"))
                ):
                    continue
                yield RULE.at(
                    facts.span(run, word.start, word.end), f"{text} has no version: write {text}=VERSION"
                )


RULE = Rule(
    id="CT201",
    name="apt-pin",
    severity=Severity.WARNING,
    category=Category.REPRODUCIBILITY,
    summary="apt packages can be pinned",
    why=(
        "An unpinned package may be another one tomorrow. Pins break as mirrors drop old versions, so this "
        "is off by "
        "default; a base image pinned by digest and a snapshot mirror reach further."
    ),
    examples=(
        Bad("FROM debian:12\nRUN apt-get install -y curl\n", at="2:24-2:28"),
        Good("FROM debian:12\nRUN apt-get install -y curl=7.88.1-10+deb12u8\n"),
        Good("FROM debian:12\nRUN deps='gcc=4:12 make=4.3' && apt-get install -y $deps\n"),
    ),
    same_as=("DL3008",),
    default=False,
    check=check,
)
