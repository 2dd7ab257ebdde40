from __future__ import annotations

from ctr_ci.lint.repair import inserted
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for run, command in facts.commands():
        if command.name != "useradd" or any(text in ("-l", "--no-log-init") for text in command.values):
            continue
        if any(
            text[:1] == "-" and text[:2] != "--" and "l" in text[1:] and text[1:].isalpha()
            for text in command.values
        ):
            continue
        uid = _uid(command.values)
        if uid.isdigit() and len(uid) > 5:
            word = command.words[0]
            yield RULE.at(
                facts.span(run, word.start, word.end),
                f"useradd with the id {uid} writes a sparse log of gigabytes, and the layer stores it in "
                "full",
                help="add -l",
                fix=inserted(facts, run, word.end, " -l", "add -l"),
            )


def _uid(values: tuple[str, ...]) -> str:
    for at, text in enumerate(values):
        if text in ("-u", "--uid") and at + 1 < len(values):
            return values[at + 1]
        if text.startswith("--uid="):
            return text[6:]
        if text.startswith("-u") and text[2:].isdigit():
            return text[2:]
    return ""


RULE = Rule(
    id="CT174",
    name="useradd-l",
    severity=Severity.WARNING,
    category=Category.SIZE,
    summary="useradd with a high id needs -l",
    why="/var/log/lastlog and faillog are indexed by id: a high one makes them huge, and image layers keep "
    "no holes.",
    examples=(
        Bad(
            "FROM debian:12\nRUN useradd -u 123456 app\n",
            at="2:5-2:12",
            fixed="FROM debian:12\nRUN useradd -l -u 123456 app\n",
        ),
        Good("FROM debian:12\nRUN useradd -u 1000 app\n"),
    ),
    same_as=("DL3046",),
    check=check,
)
