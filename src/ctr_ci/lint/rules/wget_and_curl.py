from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.packages import SYSTEM
from ctr_ci.lint.rule import Bad, Category, Good, Related, Rule, Severity
from ctr_ci.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_TOOLS = ("wget", "curl")


def check(facts: Facts) -> Iterator[Finding]:
    for stage in facts.shipping:
        first: dict[str, Span] = {}
        for link in reversed(facts.dockerfile.chain(stage)):
            for run in link.instructions:
                if isinstance(run, Run):
                    for name, place in _uses(facts, run):
                        first.setdefault(name, place)
        if len(first) == 2:
            later, earlier = sorted(
                first.values(), key=lambda span: (span.start.line, span.start.column), reverse=True
            )
            yield RULE.at(
                later, "both wget and curl: one of them would do", related=(Related(earlier, "the other"),)
            )


def _uses(facts: Facts, run: Run) -> Iterator[tuple[str, Span]]:
    script = facts.script(run)
    for command in script.commands if script else ():
        if command.name in _TOOLS:
            yield command.name, facts.span(run, command.start, command.words[0].end)
    for one in facts.operations(run):
        if one.verb == "install" and one.manager in SYSTEM:
            for word in one.packages:
                name = (word.value or "").partition("=")[0]
                if name in _TOOLS:
                    yield name, facts.span(run, word.start, word.end)


RULE = Rule(
    id="CT224",
    name="wget-and-curl",
    severity=Severity.INFO,
    category=Category.SIZE,
    summary="One downloader is enough",
    why="Each brings its libraries and its settings. Counted in one stage that ships, used or installed.",
    help="use one of them",
    examples=(
        Bad(
            "FROM debian:12\nRUN wget -q https://example.com/a && curl -fO https://example.com/b\n",
            at="2:38-2:42",
        ),
        Good("FROM debian:12\nRUN curl -fO https://example.com/a && curl -fO https://example.com/b\n"),
    ),
    same_as=("DL4001", "trivy:DS014"),
    check=check,
)
