from __future__ import annotations

from ctr_ci.dockerfile import Copy
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for copy in facts.each(Copy):
        if copy.from_ is None or facts.dockerfile.find(copy.from_.text) is None:
            continue
        whole = [
            word for word in copy.sources if word.text.rstrip("/") in ("", "/usr", "/usr/local/lib/..", "/.")
        ]
        if not whole or copy.destination.text.rstrip("/") not in ("", "/usr", "/."):
            continue
        stage = facts.stage_of(copy)
        squash = stage is not None and stage.base.image.text == "scratch"
        yield RULE.at(
            whole[0].span,
            f"copies all of {whole[0].text} from the stage {copy.from_.text}, its tools and caches too",
            severity=Severity.INFO if squash else None,
            help="deliberate as a squash into scratch; else copy the files that run"
            if squash
            else "copy the files that run",
        )


RULE = Rule(
    id="CT108",
    name="copy-all-from-builder",
    severity=Severity.WARNING,
    category=Category.SHIPPING,
    summary="COPY --from should name what it needs",
    why="A second stage that takes the whole file system of the first is as big as the first.",
    examples=(
        Bad("FROM alpine:3.20 AS b\nRUN echo a\nFROM alpine:3.20\nCOPY --from=b / /\n", at="4:15-4:16"),
        Good("FROM alpine:3.20 AS b\nRUN echo a\nFROM alpine:3.20\nCOPY --from=b /app /app\n"),
    ),
    same_as=("DL3067", "copy-whole-stage"),
    check=check,
)
