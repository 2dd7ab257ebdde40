from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding
    from ctr_ci.shell import Command


def check(facts: Facts) -> Iterator[Finding]:
    for run in facts.each(Run):
        if not facts.ships(run):
            continue
        script = facts.script(run)
        commands = script.commands if script else ()
        for command in commands:
            if command.name != "git" or "clone" not in command.values:
                continue
            later = [c for c in commands if c.start > command.start]
            target = command.words[-1].text.strip("\"'")
            parents = {target[:at] for at, sign in enumerate(target) if sign == "/" and at} | {target}
            if any(c.name == "rm" and parents & {w.text.strip("\"'/") for w in c.arguments} for c in later):
                continue
            if any(c.name == "rm" and any(_removes(w.text, command) for w in c.arguments) for c in later):
                continue
            depth = any(
                text.startswith(("--depth", "--filter", "--mirror", "--bare")) for text in command.values
            )
            yield RULE.at(
                facts.span(run, command.start, command.end),
                "the clone's .git stays in the layer" + ("" if depth else ", with the whole history"),
                help="use ADD with the repository's URL (no .git by default), or remove .git in the same RUN",
            )


def _removes(path: str, command: Command) -> bool:
    target = command.values[-1].rstrip("/").rpartition("/")[2].removesuffix(".git")
    return ".git" in path or path.rstrip("/").rpartition("/")[2] == target or path.startswith("/tmp")


RULE = Rule(
    id="CT230",
    name="git-clone",
    severity=Severity.INFO,
    category=Category.SIZE,
    summary="A clone brings its history",
    why="The history is often bigger than the files, and nothing in the image reads it.",
    examples=(
        Bad("FROM debian:12\nRUN git clone https://example.com/a.git /a\n", at="2:5-2:43"),
        Good("FROM debian:12\nADD https://github.com/a/b.git#v1 /a\n"),
    ),
    same_as=("tally:prefer-add-git",),
    default=False,
    check=check,
)
