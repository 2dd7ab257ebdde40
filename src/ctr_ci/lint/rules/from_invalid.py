from __future__ import annotations

from ctr_ci.lint.image import parse
from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity

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
        if not text or text in facts.context.contexts or "{{" in text:
            continue
        why = _why(text)
        if why is None:
            continue
        lowered = dockerfile.find(text, stage)
        if lowered is not None:
            yield RULE.at(
                word.span,
                f"no stage is named {text}: names are lowered, and FROM compares as written",
                help=f"write FROM {text.lower()}",
                fix=Fix(f"write {text.lower()}", Safety.SAFE, (Edit(word.span, text.lower()),))
                if text == word.text
                else None,
            )
        else:
            yield RULE.at(word.span, f"`{text}` is no image reference: {why}")


def _why(text: str) -> str | None:
    image = parse(text)
    if image.path != image.path.lower():
        return "the repository has capitals"
    if "@" in text:
        algorithm, _, digits = image.digest.partition(":")
        lengths = {"sha256": 64, "sha384": 96, "sha512": 128}
        if len(digits) != lengths.get(algorithm, -1) or set(digits) - set("0123456789abcdef"):
            return "the digest is not sha256: and 64 hexadecimal digits"
    if not image.path or image.path.startswith(("-", ".", "/")) or "//" in image.path:
        return "the repository's name is wrong"
    if image.tag and (len(image.tag) > 128 or image.tag[0] in ".-"):
        return "the tag is wrong"
    return None


RULE = Rule(
    id="CT143",
    name="from-invalid",
    severity=Severity.ERROR,
    category=Category.CORRECTNESS,
    summary="FROM must name an image or a stage",
    why="Repositories are in lower case and a digest is exact; the build stops at anything else.",
    examples=(
        Bad("FROM Debian:12\n", at="1:6-1:15"),
        Bad("FROM debian:12@sha256:abc\n", at="1:6-1:26"),
        Good("FROM debian:12\n"),
    ),
    check=check,
)
