from __future__ import annotations

from ctr_ci.dockerfile import Cmd, Entrypoint, Healthcheck
from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Related, Rule, Safety, Severity
from ctr_ci.source import Position, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_CODES = {"CMD": "DL4003", "ENTRYPOINT": "DL4004", "HEALTHCHECK": "DL3012"}


def check(facts: Facts) -> Iterator[Finding]:
    last: dict[tuple[int, str], Cmd | Entrypoint | Healthcheck] = {}
    for one in facts.each(Cmd, Entrypoint, Healthcheck):
        stage = facts.stage_of(one)
        if stage is None or facts.outer(one) is not one:
            continue
        earlier = last.get((stage.index, one.keyword))
        last[stage.index, one.keyword] = one
        if earlier is None:
            continue
        yield RULE.at(
            earlier.span,
            f"this {one.keyword} has no effect: line {one.span.start.line} sets it again",
            help="delete it",
            fix=_fix(facts, earlier),
            severity=Severity.ERROR if one.keyword == "ENTRYPOINT" else None,
            related=(Related(one.keyword_span, "this one counts"),),
        )


def _fix(facts: Facts, one: Cmd | Entrypoint | Healthcheck) -> Fix:
    span = one.span
    whole = Span(Position(span.start.line, 1), Position(span.end.line + 1, 1))
    return Fix("delete it", Safety.UNSAFE, (Edit(whole, ""),))


RULE = Rule(
    id="CT186",
    name="multiple-instructions",
    severity=Severity.WARNING,
    category=Category.CORRECTNESS,
    summary="Only the last CMD, ENTRYPOINT or HEALTHCHECK of a stage counts",
    why="The earlier one looks as if it did something.",
    examples=(
        Bad(
            'FROM alpine:3.20\nCMD ["a"]\nCMD ["b"]\n',
            at="2:1-2:10",
            fixed='FROM alpine:3.20\nCMD ["b"]\n',
        ),
        Good('FROM alpine:3.20\nCMD ["a"]\n'),
    ),
    same_as=(
        "DL4003",
        "DL4004",
        "DL3012",
        "buildkit:MultipleInstructionsDisallowed",
        "trivy:DS007",
        "trivy:DS016",
        "trivy:DS023",
        "multiple",
    ),
    check=check,
)
