from __future__ import annotations

from ctr_ci.dockerfile import Add, Copy, Run, Volume
from ctr_ci.lint.folders import with_folders
from ctr_ci.lint.rule import Bad, Category, Good, Related, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding
    from ctr_ci.source import Span

_SYSTEM = ("/dev", "/proc", "/sys")


def check(facts: Facts) -> Iterator[Finding]:
    volumes: dict[int, dict[str, tuple[int, Volume]]] = {}  # stage -> path -> its place among them
    for one in facts.each(Volume, Run, Copy, Add):
        stage = facts.stage_of(one)
        if stage is None:
            continue
        if isinstance(one, Volume):
            for word in one.paths:
                path = word.text.rstrip("/")
                if path in _SYSTEM:
                    yield RULE.at(word.span, f"{path} belongs to the kernel, and cannot be a volume")
                if path.startswith("/") and "$" not in path:
                    mine = volumes.setdefault(stage.index, {})
                    mine.setdefault(path, (len(mine), one))
            continue
        known = [volumes[link.index] for link in facts.dockerfile.chain(stage) if link.index in volumes]
        if not known:
            continue
        # part of a path that is written -> where it is written first
        parts: dict[str, Span] = {}
        for path, place in _written(facts, one):
            for part in with_folders(path):
                parts.setdefault(part, place)
        for mine in known:
            found = [(*mine[part], part) for part in parts if part in mine]
            if found:
                _, volume, path = min(found, key=_order)
                place = parts[path]
                yield RULE.at(
                    place,
                    f"{path} is a volume since line {volume.span.start.line}: the classic builder drops "
                    "what is written there",
                    help="write there before VOLUME",
                    related=(Related(volume.keyword_span, "declared here"),),
                )
                break


def _order(found: tuple[int, Volume, str]) -> int:
    return found[0]


def _written(facts: Facts, one: Run | Copy | Add) -> Iterator[tuple[str, Span]]:
    """What an instruction writes, and the place that says so."""
    if isinstance(one, Copy | Add):
        yield one.destination.text.rstrip("/"), one.destination.span
        return
    script = facts.script(one)
    for command in script.commands if script else ():
        if command.name not in ("touch", "mkdir", "cp", "mv", "chown", "chmod", "tee", "ln", "install", "dd"):
            continue
        for word in command.arguments:
            if word.value is not None:
                yield word.value.rstrip("/"), facts.span(one, word.start, word.end)


RULE = Rule(
    id="CT188",
    name="volume-loss",
    severity=Severity.WARNING,
    category=Category.CORRECTNESS,
    summary="Files written below a VOLUME may be lost",
    why=(
        "The classic builder discards changes below a volume's path; BuildKit keeps them, and a container "
        "started with "
        "another volume hides them anyway."
    ),
    examples=(
        Bad("FROM alpine:3.20\nVOLUME /d\nRUN touch /d/x\n", at="3:11-3:15"),
        Good("FROM alpine:3.20\nRUN mkdir /d && touch /d/x\nVOLUME /d\n"),
    ),
    same_as=("dockle:DKL-DI-0002",),
    check=check,
)
