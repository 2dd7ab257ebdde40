from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.rule import Bad, Category, Good, Related, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for stage in facts.dockerfile.stages:
        before: Run | None = None
        for one in stage.instructions:
            if not isinstance(one, Run):
                before = None
                continue
            alike = before is not None and before.flags == one.flags == () and not one.line.above
            if alike and before is not None and _plain(facts, before) and _plain(facts, one):
                yield RULE.at(
                    one.keyword_span,
                    "this RUN could go on where the one above ends",
                    related=(Related(before.keyword_span, "the RUN above"),),
                )
            before = one


def _plain(facts: Facts, run: Run) -> bool:
    script = facts.script(run)
    return script is not None and not run.heredocs and len(script.commands) <= 4 and not facts.operations(run)


RULE = Rule(
    id="CT229",
    name="consecutive-run",
    severity=Severity.INFO,
    category=Category.STYLE,
    summary="Consecutive RUNs can be one",
    why=(
        "Each RUN is a layer. Merging saves little and costs cache: a change in the last line runs all "
        "again. Off by "
        "default; only cheap RUNs with no comment between them are reported."
    ),
    help="join them with &&",
    examples=(
        Bad("FROM debian:12\nRUN mkdir /a\nRUN mkdir /b\n", at="3:1-3:4"),
        Good("FROM debian:12\nRUN mkdir /a && mkdir /b\n"),
    ),
    same_as=("DL3059",),
    default=False,
    check=check,
)
