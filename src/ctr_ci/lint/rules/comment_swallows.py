from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity
from ctr_ci.source import Position, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for run in facts.each(Run):
        if run.heredocs or run.json is not None or run.script is None or "#" not in run.script.text:
            continue
        script = facts.script(run)
        for start, end in script.comments if script else ():
            place = facts.span(run, start, end)
            first = place.start.line
            if place.end.line == first and end < len(script.text if script else ""):
                continue
            if place.end.line > first:
                line = facts.source.lines[first - 1]
                where = Span(place.start, Position(first, len(line.rstrip().rstrip("\\`").rstrip()) + 1))
                yield RULE.at(
                    where,
                    "this comment swallows the lines that follow: the shell sees them as one line",
                    help="move the comment to a line of its own, where BuildKit removes it",
                )


RULE = Rule(
    id="CT131",
    name="comment-swallows",
    severity=Severity.ERROR,
    category=Category.CORRECTNESS,
    summary="A comment behind a command swallows the rest of a continued RUN",
    why=(
        "BuildKit joins continued lines before the shell reads them, and removes only lines that are "
        "comments from "
        "their first character. `&& make # build \\` followed by `&& make install` never installs, without "
        "an error."
    ),
    examples=(
        Bad("FROM alpine:3.20\nRUN echo a \\\n    && echo b # note \\\n    && echo c\n", at="3:15-3:21"),
        Good("FROM alpine:3.20\nRUN echo a \\\n    # note\n    && echo b\n"),
    ),
    check=check,
)
