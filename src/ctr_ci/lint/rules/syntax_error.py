from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity
from ctr_ci.source import Position, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_START = Span(Position(1, 1), Position(1, 1))


def check(facts: Facts) -> Iterator[Finding]:
    problems = facts.dockerfile.problems
    first = next((problem.span for problem in problems if problem.span is not None), None)
    if first is not None and _is_template(facts.source.lines[first.start.line - 1 :][:1]):
        help_text = "lint what the template makes, or exclude it"
        yield RULE.at(first, "this is a template, not yet a Dockerfile", help=help_text)
        return
    for problem in problems:
        if problem.kind == "error":
            said = f"{problem.found}; expected {problem.expected}" if problem.expected else problem.found
            yield RULE.at(problem.span or _START, said, help=problem.help)


def _is_template(line: tuple[str, ...]) -> bool:
    return bool(line) and line[0].lstrip().startswith(("{{", "{%", "<%", "{#", "@@"))


RULE = Rule(
    id="CT120",
    name="syntax-error",
    severity=Severity.ERROR,
    category=Category.CORRECTNESS,
    summary="BuildKit's parser refuses this",
    why="The build stops before its first step. The rest of the file is still checked.",
    examples=(
        Bad("FROM alpine:3.20\nCOPY ./app\n", at="2:6-2:11"),
        Good("FROM alpine:3.20\nCOPY ./app /app\n"),
    ),
    same_as=("DL1000", "tally:unknown-instruction", "parse-error"),
    check=check,
)
