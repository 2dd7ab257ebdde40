from __future__ import annotations

from ctr_ci.dockerfile import Add, Copy, Run, Workdir
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    dockerfile = facts.dockerfile
    for copy in facts.each(Copy):
        if copy.from_ is None:
            continue
        found = dockerfile.find(copy.from_.text)
        own = facts.stage_of(copy)
        if found is None or own is None or found.index >= own.index:
            continue
        chain = dockerfile.chain(found)
        if chain[-1].base.image.text != "scratch":
            continue
        if not any(
            isinstance(one, Copy | Add | Run | Workdir) for stage in chain for one in stage.instructions
        ):
            yield RULE.at(
                copy.from_.span,
                f"the stage {copy.from_.text} is empty: FROM scratch, and nothing copied into it",
            )


RULE = Rule(
    id="CT150",
    name="empty-scratch-source",
    severity=Severity.ERROR,
    category=Category.CORRECTNESS,
    summary="An empty stage has nothing to copy",
    why="A stage FROM scratch without COPY or ADD holds no file, so a COPY from it fails.",
    help="copy into that stage first, or copy from another",
    examples=(
        Bad("FROM scratch AS e\nFROM alpine:3.20\nCOPY --from=e /a /a\n", at="3:13-3:14"),
        Good("FROM scratch AS e\nCOPY a /a\nFROM alpine:3.20\nCOPY --from=e /a /a\n"),
    ),
    same_as=("tally:copy-from-empty-scratch-stage",),
    check=check,
)
