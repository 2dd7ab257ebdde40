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
        text = dockerfile.before(stage.base).expand(stage.base.image).value
        if stage.parent is not None or not text or text == "scratch" or text in facts.context.contexts:
            continue
        if not parse(text).digest:
            yield RULE.at(stage.base.image.span, f"{text} is not pinned by digest")


RULE = Rule(
    id="CT162",
    name="digest-pin",
    severity=Severity.INFO,
    category=Category.REPRODUCIBILITY,
    summary="A base image can be pinned by digest",
    why="A tag is a name that its owner may move; a digest is the image. Needs a tool that keeps it up to "
    "date.",
    help="write NAME:TAG@sha256:…",
    examples=(
        Bad("FROM debian:12\n", at="1:6-1:15"),
        Good("FROM debian:12@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"),
    ),
    default=False,
    check=check,
)
