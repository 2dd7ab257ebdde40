from __future__ import annotations

from ctr_ci.lint.image import parse
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    dockerfile = facts.dockerfile
    for stage in dockerfile.stages:
        word = stage.base.image
        if stage.parent is not None:
            continue
        text = dockerfile.before(stage.base).expand(word).value
        if not text or text.lower() == "scratch" or text in facts.context.contexts:
            continue
        if dockerfile.find(text, stage) is not None:  # Debian AS x, FROM X: another rule's matter
            continue
        image = parse(text)
        if not image.tag and not image.digest:
            shown = f"{word.text} ({text})" if text != word.text else text
            yield RULE.at(word.span, f"{shown} has no tag, so it is `latest`: another image next month")


RULE = Rule(
    id="CT140",
    name="untagged",
    severity=Severity.WARNING,
    category=Category.REPRODUCIBILITY,
    summary="A base image needs a tag or a digest",
    why=(
        "Without a tag the registry gives `latest`, which moves from one release to the next without a "
        "change in "
        "your repository: today's build and tomorrow's differ, and nobody decided it."
    ),
    help="name the release that you test with, such as debian:12-slim",
    examples=(
        Bad("FROM debian\n", at="1:6-1:12"),
        Bad("ARG BASE=debian\nFROM $BASE\n", at="2:6-2:11"),
        Good("FROM debian:12\n"),
        Good("FROM scratch\nCOPY app /app\n"),
    ),
    same_as=("DL3006", "trivy:DS001"),
    check=check,
)
