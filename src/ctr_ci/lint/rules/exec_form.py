from __future__ import annotations

from ctr_ci.dockerfile import Cmd, Entrypoint
from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for instruction in facts.each(Cmd, Entrypoint):
        if instruction.json is not None or instruction.script is None or not instruction.script.text.strip():
            continue
        text = instruction.script.text.strip()
        if facts.before(instruction).shell is not None:
            continue
        span = facts.span(instruction, 0, len(instruction.script.text))
        words = _words(facts, instruction) if not text.startswith("[") else []
        uses_exec = text.startswith("exec ")
        yield RULE.at(
            span,
            f"{instruction.keyword} in shell form runs below /bin/sh -c, which passes no signals on",
            help=_help(words, text),
            severity=Severity.INFO if uses_exec else None,
            fix=_fix(instruction, words) if words and not uses_exec else None,
        )


def _words(facts: Facts, instruction: Cmd | Entrypoint) -> list[str]:
    """The words of a script that is one plain command, [] when it needs a shell."""
    script = facts.script(instruction)
    if script is None or script.unread or len(script.commands) != 1 or len(script.pipelines) != 1:
        return []
    command = script.commands[0]
    if command.assignments or command.redirections or command.nesting or command.after or script.comments:
        return []
    texts = [
        word.value
        for word in command.words
        if not word.glob and "$" not in word.text and "~" not in word.text
    ]
    known = [text for text in texts if text is not None]
    return (
        known
        if len(known) == len(command.words) and command.name not in ("cd", "exec", ".", "source")
        else []
    )


def _help(words: list[str], text: str) -> str:
    if words:
        return f"write {_json(words)}, so that the program is process 1 and gets SIGTERM"
    if text.startswith("exec "):
        return "exec hands the signals on; the JSON form needs no shell at all"
    return 'where a shell is meant, say so: ["/bin/sh", "-c", "exec …"]'


def _fix(instruction: Cmd | Entrypoint, words: list[str]) -> Fix | None:
    script = instruction.script
    if script is None or instruction.line.comments:
        return None
    return Fix("use the JSON form", Safety.UNSAFE, (Edit(script.span(0, len(script.text)), _json(words)),))


def _json(words: list[str]) -> str:
    return "[" + ", ".join('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words) + "]"


RULE = Rule(
    id="CT187",
    name="exec-form",
    severity=Severity.WARNING,
    category=Category.CORRECTNESS,
    summary="CMD and ENTRYPOINT should use the JSON form",
    why=(
        "The shell form starts `/bin/sh -c`, and that shell is process 1: `docker stop` sends it SIGTERM, "
        "the "
        "program never hears of it and is killed after ten seconds; an image without a shell cannot start "
        "at all. "
        "Not reported where the file sets SHELL, which says that a shell is meant."
    ),
    examples=(
        Bad(
            "FROM alpine:3.20\nCMD python /app/app.py\n",
            at="2:5-2:23",
            fixed='FROM alpine:3.20\nCMD ["python", "/app/app.py"]\n',
        ),
        Good('FROM alpine:3.20\nCMD ["python", "/app/app.py"]\n'),
        Good("FROM alpine:3.20\nHEALTHCHECK CMD wget -q -O- localhost || exit 1\n"),
    ),
    same_as=("DL3025", "buildkit:JSONArgsRecommended"),
    check=check,
)
