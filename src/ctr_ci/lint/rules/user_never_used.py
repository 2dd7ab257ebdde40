from __future__ import annotations

from ctr_ci.dockerfile import Cmd, Entrypoint, Run, User
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


_WITH_VALUE = frozenset(
    [
        "-u",
        "-g",
        "-G",
        "-d",
        "-h",
        "-s",
        "-c",
        "-p",
        "-b",
        "-k",
        "-e",
        "-f",
        "-K",
        "--uid",
        "--gid",
        "--groups",
        "--home",
        "--home-dir",
        "--shell",
        "--comment",
        "--gecos",
        "--ingroup",
        "--password",
        "--base-dir",
        "--skel",
        "--expiredate",
        "--inactive",
    ]
)


def check(facts: Facts) -> Iterator[Finding]:
    for stage in facts.shipping:
        chain = facts.dockerfile.chain(stage)
        instructions = [one for link in reversed(chain) for one in link.instructions]
        starts = any(isinstance(one, Cmd | Entrypoint) for one in instructions)
        text = "".join(
            facts.source.text[one.start : one.end] for one in instructions if not isinstance(one, Run)
        )
        if not starts or any(isinstance(one, User) for one in instructions):
            continue
        for run in instructions:
            script = facts.script(run) if isinstance(run, Run) else None
            if script is None or not isinstance(run, Run):
                continue
            for command in script.commands:
                name = _name(command.values) if command.name in ("useradd", "adduser") else ""
                if not name:
                    continue
                if name in text or script.text.count(name) > 1 or _switches(facts, name):
                    continue
                yield RULE.at(
                    facts.span(run, command.start, command.end),
                    f"the user {name} is made, and nothing runs as it: the container runs as root",
                    help=f"end with USER {name}, or better its number",
                )


def _name(values: tuple[str, ...]) -> str:
    """The user that useradd or adduser makes: its last word that belongs to no option."""
    plain = [
        text
        for at, text in enumerate(values)
        if not text.startswith("-") and not (at and values[at - 1] in _WITH_VALUE)
    ]
    return plain[0] if plain and plain[0].replace("-", "").replace("_", "").isalnum() else ""


def _switches(facts: Facts, name: str) -> bool:
    """Whether something else of the file may switch to the user: gosu, su-exec, an entrypoint script."""
    return any(
        word in facts.source.text
        for word in ("gosu", "su-exec", "setpriv", "entrypoint", "supervisor", "su ")
    )


RULE = Rule(
    id="CT190",
    name="user-never-used",
    severity=Severity.INFO,
    category=Category.SECURITY,
    summary="A user is made and never used",
    why="Somebody meant the program to run as that user; without USER it runs as root all the same.",
    examples=(
        Bad('FROM debian:12\nRUN useradd app\nCMD ["a"]\n', at="2:5-2:16"),
        Good('FROM debian:12\nRUN useradd app\nUSER app\nCMD ["a"]\n'),
    ),
    same_as=("tally:user-created-but-never-used",),
    check=check,
)
