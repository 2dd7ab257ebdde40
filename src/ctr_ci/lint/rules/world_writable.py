from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding
    from ctr_ci.shell import Command, Script


def check(facts: Facts) -> Iterator[Finding]:
    for run, command in facts.commands():
        if command.name != "chmod":
            continue
        for word in command.arguments:
            text = word.value or ""
            if text.startswith("-"):
                continue
            if _open(text) and not _gone(facts.script(run), command):
                yield RULE.at(
                    facts.span(run, word.start, word.end),
                    f"chmod {text} lets every user write there",
                    help="give it to the user who needs it: chown, or COPY --chown",
                )
            break


def _gone(script: Script | None, command: Command) -> bool:
    """Whether the same RUN removes what it opens: a folder of `mktemp -d`."""
    if script is None:
        return False
    what = {word.text.strip("\"'") for word in command.arguments[1:]}
    later = (one for one in script.commands if one.start > command.start and one.name == "rm")
    return bool(what) and what <= {word.text.strip("\"'") for one in later for word in one.arguments}


def _open(mode: str) -> bool:
    if mode.isdigit():
        return len(mode) in (3, 4) and int(mode[-1]) & 2 != 0 and not (len(mode) == 4 and int(mode[0]) & 1)
    for part in mode.split(","):
        who, sign, rights = part.partition("+") if "+" in part else part.partition("=")
        if sign and "w" in rights and ("a" in who or "o" in who) and "t" not in rights:
            return True
    return False


RULE = Rule(
    id="CT173",
    name="world-writable",
    severity=Severity.WARNING,
    category=Category.SECURITY,
    summary="Files should not be writable for everyone",
    why="Whoever gets in as any user can replace what root runs next.",
    examples=(
        Bad("FROM alpine:3.20\nRUN chmod -R 777 /app\n", at="2:14-2:17"),
        Good("FROM alpine:3.20\nRUN chmod 755 /app && chmod 1777 /tmp\n"),
    ),
    same_as=("tally:world-writable-state-path-workaround",),
    check=check,
)
