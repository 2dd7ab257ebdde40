from __future__ import annotations

from ctr_ci.lint.download import given
from ctr_ci.lint.repair import inserted
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_QUIET = ("--quiet", "--no-verbose", "--output-file", "--append-output", "--progress", "--version", "--help")


def check(facts: Facts) -> Iterator[Finding]:
    for run, command in facts.commands():
        if command.name != "wget" or facts.distro(run) in ("alpine", "busybox"):
            continue
        if given(command, "qoaVh", _QUIET) or any(text.startswith("-nv") for text in command.values):
            continue
        word = command.words[0]
        yield RULE.at(
            facts.span(run, word.start, word.end),
            "wget's progress fills the log with a line for each 50 kB",
            help="add -nv or --progress=dot:giga",
            fix=inserted(facts, run, word.end, " --progress=dot:giga", "show the progress by the gigabyte"),
        )


RULE = Rule(
    id="CT225",
    name="wget-progress",
    severity=Severity.INFO,
    category=Category.STYLE,
    summary="wget should be quiet in a build",
    why="A download of 1 GB prints twenty thousand lines of dots, and what matters is lost between them.",
    examples=(
        Bad(
            "FROM debian:12\nRUN wget https://example.com/a\n",
            at="2:5-2:9",
            fixed="FROM debian:12\nRUN wget --progress=dot:giga https://example.com/a\n",
        ),
        Good("FROM debian:12\nRUN wget -nv https://example.com/a\n"),
    ),
    same_as=("DL3047",),
    check=check,
)
