from __future__ import annotations

from ctr_ci.dockerfile import Copy
from ctr_ci.lint.image import parse
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    dockerfile = facts.dockerfile
    for copy in facts.each(Copy):
        word = copy.from_
        if word is None:
            continue
        text = word.text.strip("\"'")
        if "$" in text:
            yield RULE.at(
                word.span,
                "--from takes no variables: BuildKit looks for a stage of this very name",
                help="name a stage with FROM $IMAGE AS name, and copy from that",
                severity=Severity.ERROR,
            )
        elif text.isdigit():
            own = facts.stage_of(copy)
            if dockerfile.find(text) is None and own is not None:
                yield RULE.at(
                    word.span,
                    f"there is no stage {text}: stages are numbered from 0, and this is stage {own.index}",
                    severity=Severity.ERROR,
                )
        elif dockerfile.find(text) is None and text not in facts.context.contexts:
            image = parse(text)
            plain = not image.registry and "/" not in image.path and not image.tag and not image.digest
            if plain and facts.context.entries is not None and not _may_be_named_context(facts, text):
                yield RULE.at(word.span, f"no stage is named {text}, so it is the image {text}:latest")


def _may_be_named_context(facts: Facts, name: str) -> bool:
    return not facts.context.contexts and name not in _FAMILIAR


_FAMILIAR = frozenset(
    ["alpine", "busybox", "debian", "ubuntu", "golang", "node", "python", "nginx", "composer", "docker"]
)

RULE = Rule(
    id="CT148",
    name="copy-from-unknown",
    severity=Severity.WARNING,
    category=Category.CORRECTNESS,
    summary="COPY --from must name a stage, an image or a named context",
    why=(
        "Variables are not expanded there, and a number must be that of an earlier stage. A plain name may "
        "be a "
        "named context (`--build-context`), so it is not held against you."
    ),
    examples=(
        Bad("FROM alpine:3.20\nCOPY --from=5 /a /b\n", at="2:13-2:14"),
        Bad("ARG IMG\nFROM alpine:3.20\nCOPY --from=$IMG /a /b\n", at="3:13-3:17"),
        Good("FROM alpine:3.20 AS a\nFROM alpine:3.20\nCOPY --from=a /a /b\n"),
        Good("FROM alpine:3.20\nCOPY --from=ctx /a /b\n"),
    ),
    same_as=("DL3022",),
    check=check,
)
