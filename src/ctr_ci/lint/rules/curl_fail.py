from __future__ import annotations

from ctr_ci.lint.repair import inserted
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding
    from ctr_ci.shell import Command

_FAIL = ("--fail", "--fail-with-body", "--fail-early", "-I", "--head", "--version", "--help", "-V")


def check(facts: Facts) -> Iterator[Finding]:
    for run, command in facts.commands():
        if command.name != "curl" or not any(
            "://" in word.text or "$" in word.text for word in command.arguments
        ):
            continue
        values = command.values
        if any(
            text.partition("=")[0] in _FAIL
            or (text[:1] == "-" and text[:2] != "--" and "f" in _letters(text))
            for text in values
        ):
            continue
        if not _saves(command) or any(text in ("-K", "--config") or "http_code" in text for text in values):
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
    return any(
        text in ("-o", "-O", "--output", "--remote-name", "-J")
        or (text[:1] == "-" and text[:2] != "--" and set("oO") & set(_letters(text)))
        for text in command.values
    )


def _letters(text: str) -> str:
    found = ""
    for letter in text[1:]:
        found += letter
        if letter in "HdXuAeFTmwCxY":
            break
    return found


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
