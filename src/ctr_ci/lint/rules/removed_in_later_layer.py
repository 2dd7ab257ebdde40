from __future__ import annotations

from ctr_ci.dockerfile import Add, Copy, Run
from ctr_ci.lint.cleanup import mounted, removed_after
from ctr_ci.lint.folders import with_folders
from ctr_ci.lint.rule import Bad, Category, Good, Related, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.dockerfile import Instruction
    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    made: dict[int, dict[str, Instruction]] = {}  # stage -> a path or a folder above one -> its first maker
    for one in facts.each(Copy, Add, Run):
        stage = facts.stage_of(one)
        if stage is None or not facts.ships(one):
            continue
        if isinstance(one, Run):
            earlier = [made[link.index] for link in facts.dockerfile.chain(stage) if link.index in made]
            yield from _removals(facts, one, earlier)
        mine = made.setdefault(stage.index, {})
        for path in _makes(facts, one):
            for part in with_folders(path):
                mine.setdefault(part, one)


def _removals(facts: Facts, run: Run, earlier: list[dict[str, Instruction]]) -> Iterator[Finding]:
    script = facts.script(run)
    own: set[str] | None = None
    for command in script.commands if script else ():
        if command.name == "rm":
            for word in command.arguments:
                path = (word.value or "").rstrip("/")
                plain = path.removesuffix("/*")
                if not plain.startswith("/") or plain in ("/tmp", "/var/tmp"):
                    continue
                maker = next((makers[plain] for makers in earlier if plain in makers), None)
                if maker is None:
                    continue
                if own is None:
                    paths = _makes(facts, run, kept=False)
                    own = {part for path in paths for part in with_folders(path)}
                if plain not in own:
                    yield _finding(
                        facts,
                        run,
                        word.start,
                        word.end,
                        f"{plain} is in an earlier layer, so removing it frees nothing",
                        maker,
                    )
                    break
        elif command.name in ("apt-get", "apt") and command.values[:1] == ("clean",):
            continue


def _finding(facts: Facts, run: Run, start: int, end: int, message: str, maker: Instruction) -> Finding:
    return RULE.at(
        facts.span(run, start, end),
        message,
        help="remove it in the instruction that made it",
        related=(Related(maker.keyword_span, "made here"),),
    )


def _makes(facts: Facts, one: Instruction, kept: bool = True) -> list[str]:
    """The paths that an instruction certainly writes; with `kept`, only those it leaves in its layer."""
    if isinstance(one, Copy | Add):
        target = one.destination.text
        if "$" in target or not target.startswith("/"):
            return []
        names = [word.text.rstrip("/").rpartition("/")[2] for word in one.sources]
        if target.endswith("/"):
            return [
                f"{target}{name}".rstrip("/") for name in names if "*" not in name and name not in (".", "")
            ]
        return [target.rstrip("/") or "/"]
    if not isinstance(one, Run):
        return []
    found = []
    script = facts.script(one)
    for command in script.commands if script else ():
        values = command.values
        if command.name in ("wget", "curl"):
            for at, text in enumerate(values):
                if text in ("-o", "-O", "--output", "--output-document") and at + 1 < len(values):
                    found.append(values[at + 1])
        elif (
            command.name in ("apt-get", "apt")
            and "update" in values
            and not mounted(one, "/var/lib/apt/lists")
        ):
            if not kept or not removed_after(facts, one, command, "/var/lib/apt/lists"):
                found.append("/var/lib/apt/lists")
        elif command.name == "git" and "clone" in values and values[-1].startswith("/"):
            found.append(values[-1].rstrip("/"))
    return [path for path in found if path.startswith("/")]


RULE = Rule(
    id="CT104",
    name="removed-in-later-layer",
    severity=Severity.WARNING,
    category=Category.SIZE,
    summary="Removing in a later layer frees nothing",
    why="A layer never changes: what one RUN or COPY wrote is in the image for good, and `rm` in the next "
    "only hides it.",
    examples=(
        Bad("FROM alpine:3.20\nCOPY a /a\nRUN rm /a\n", at="3:8-3:10"),
        Good("FROM alpine:3.20\nRUN wget -q -O /a https://example.com/a && cat /a && rm /a\n"),
    ),
    check=check,
)
