from __future__ import annotations

from ctr_ci.dockerfile import Copy, Run
from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for stage in facts.dockerfile.stages:
        word = stage.base.name
        if word is None or word.text == word.text.lower():
            continue
        meant = word.text.lower()
        edits = [Edit(word.span, meant)]
        later = [other.base.image for other in facts.dockerfile.stages[stage.index + 1 :]]
        sources = [copy.from_ for copy in facts.each(Copy) if copy.from_ is not None]
        mounts = [m.from_ for run in facts.each(Run) for m in run.mounts if m.from_ is not None]
        edits += [
            Edit(one.span, meant)
            for one in (*later, *sources, *mounts)
            if one.text.lower() == meant and one.text != meant
        ]
        yield RULE.at(
            word.span,
            f"the stage name {word.text} is lowered to {meant}, and `FROM {word.text}` does not find it",
            help="write stage names in lower case",
            fix=Fix("lower the name and what refers to it", Safety.SAFE, tuple(edits)),
        )


RULE = Rule(
    id="CT124",
    name="stage-name-casing",
    severity=Severity.WARNING,
    category=Category.CORRECTNESS,
    summary="Stage names should be in lower case",
    why=(
        "BuildKit lowers the name of a stage but compares FROM as written: `FROM a AS Base` followed by "
        "`FROM Base` "
        "looks for an image named Base and fails."
    ),
    examples=(
        Bad(
            "FROM alpine:3.20 AS Build\nRUN echo a\nFROM scratch\nCOPY --from=Build /a /a\n",
            at="1:21-1:26",
            fixed="FROM alpine:3.20 AS build\nRUN echo a\nFROM scratch\nCOPY --from=build /a /a\n",
        ),
        Good("FROM alpine:3.20 AS build\n"),
    ),
    same_as=("buildkit:StageNameCasing",),
    check=check,
)
