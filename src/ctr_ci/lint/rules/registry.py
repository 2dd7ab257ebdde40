from __future__ import annotations

from ctr_ci.dockerfile import Copy, Run
from ctr_ci.lint.image import parse
from ctr_ci.lint.rule import Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.dockerfile import Instruction, Word
    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    trusted = facts.settings.trusted_registries
    if not trusted:
        return
    dockerfile = facts.dockerfile
    for stage in dockerfile.stages:
        if stage.parent is None:
            yield from _judge(facts, stage.base.image, stage.base)
    for copy in facts.each(Copy):
        if copy.from_ is not None and dockerfile.find(copy.from_.text) is None:
            yield from _judge(facts, copy.from_, copy)
    for run in facts.each(Run):
        for mount in run.mounts:
            if mount.from_ is not None and dockerfile.find(mount.from_.text) is None:
                yield from _judge(facts, mount.from_, run)


def _judge(facts: Facts, word: Word, instruction: Instruction) -> Iterator[Finding]:
    text = facts.before(instruction).expand(word).value
    if not text or text == "scratch" or text in facts.context.contexts or text.isdigit():
        return
    registry = parse(text).registry or "docker.io"
    names = (registry, "hub.docker.com") if registry == "docker.io" else (registry,)
    if not any(_matches(name, pattern) for name in names for pattern in facts.settings.trusted_registries):
        yield RULE.at(
            word.span,
            f"{text} comes from {registry}, which is not a trusted registry",
            help=f"trusted are {', '.join(facts.settings.trusted_registries)}",
        )


def _matches(registry: str, pattern: str) -> bool:
    if pattern.startswith("*"):
        return registry.endswith(pattern[1:]) or (pattern.endswith("*") and pattern.strip("*") in registry)
    return registry.startswith(pattern[:-1]) if pattern.endswith("*") else registry == pattern


RULE = Rule(
    id="CT146",
    name="registry",
    severity=Severity.ERROR,
    category=Category.SECURITY,
    summary="Images should come from trusted registries",
    why=(
        "With `trusted-registries` set, an image from anywhere else is refused: in FROM, in COPY --from and "
        "in "
        "RUN --mount=from. Without that setting the rule says nothing."
    ),
    examples=(Good("FROM debian:12\n"),),
    same_as=("DL3026",),
    check=check,
)
