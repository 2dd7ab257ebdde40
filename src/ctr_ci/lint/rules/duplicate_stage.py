from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Good, Related, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.dockerfile import Word
    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    seen: dict[str, Word] = {}
    for stage in facts.dockerfile.stages:
        word = stage.base.name
        if word is None:
            continue
        first = seen.setdefault(word.text.lower(), word)
        if first is not word:
            yield RULE.at(
                word.span,
                f"the stage name {word.text} is taken already; --from and --target find the last one",
                related=(Related(first.span, "the first stage of that name"),),
            )


RULE = Rule(
    id="CT125",
    name="duplicate-stage",
    severity=Severity.ERROR,
    category=Category.CORRECTNESS,
    summary="Stage names should be used once",
    why="Of two stages with one name, the later hides the earlier: the earlier can only be reached by its "
    "number.",
    help="give it another name",
    examples=(
        Bad("FROM alpine:3.20 AS a\nRUN echo 1\nFROM alpine:3.20 AS a\n", at="3:21-3:22"),
        Good("FROM alpine:3.20 AS a\nFROM alpine:3.20 AS b\n"),
    ),
    same_as=("DL3024", "buildkit:DuplicateStageName", "trivy:DS012", "checkov:CKV_DOCKER_11"),
    check=check,
)
