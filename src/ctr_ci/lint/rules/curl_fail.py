from __future__ import annotations

from ctr_ci.lint.download import given
from ctr_ci.lint.repair import inserted
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding
    from ctr_ci.shell import Command

_KNOWS = ("--fail", "--fail-with-body", "--fail-early", "--head", "--version", "--help", "--config")
_SAVES = ("--output", "--output-dir", "--remote-name", "--remote-name-all", "--remote-header-name")


def check(facts: Facts) -> Iterator[Finding]:
    for run, command in facts.commands():
        if command.name != "curl" or not any(
            "://" in word.text or "$" in word.text for word in command.arguments
        ):
            continue
        if given(command, "fIVhK", _KNOWS) or not _saves(command):
            continue
        if any("http_code" in text for text in command.values):
            continue
        word = command.words[0]
        yield RULE.at(
            facts.span(run, word.start, word.end),
            "curl without -f takes an error page for the file: a 404 succeeds",
            help="add -f",
            fix=inserted(facts, run, word.end, " -f", "add -f"),
        )


def _saves(command: Command) -> bool:
    """Whether what it gets is used: written to a file, or piped on."""
    if command.after in ("|", "|&") or any(r.operator in (">", ">>", ">|") for r in command.redirections):
        return True
    return given(command, "oOJ", _SAVES) is not None


RULE = Rule(
    id="CT226",
    name="curl-fail",
    severity=Severity.INFO,
    category=Category.CORRECTNESS,
    summary="curl should fail when the server says no",
    why="Without -f, curl ends with success on 404 and 500, and the error page lands in the image under the "
    "file's name.",
    examples=(
        Bad(
            "FROM debian:12\nRUN curl -o /x https://example.com/x\n",
            at="2:5-2:9",
            fixed="FROM debian:12\nRUN curl -f -o /x https://example.com/x\n",
        ),
        Good("FROM debian:12\nRUN curl -fsSL -o /x https://example.com/x\n"),
    ),
    same_as=("tally:prefer-curl-config",),
    check=check,
)
