from __future__ import annotations

from ctr_ci.dockerfile import Add, Copy, Run, Volume
from ctr_ci.lint.rule import Bad, Category, Good, Related, Rule, Severity
from ctr_ci.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_SYSTEM = ("/dev", "/proc", "/sys")


def check(facts: Facts) -> Iterator[Finding]:
    volumes: dict[int, list[tuple[str, Volume]]] = {}
    for one in facts.each(Volume, Run, Copy, Add):
        stage = facts.stage_of(one)
        if stage is None:
            continue
        if isinstance(one, Volume):
            for word in one.paths:
                path = word.text.rstrip("/")
                if path in _SYSTEM:
                    yield RULE.at(word.span, f"{path} belongs to the kernel, and cannot be a volume")
                volumes.setdefault(stage.index, []).append((path, one))
            continue
        mine = [pair for link in facts.dockerfile.chain(stage) for pair in volumes.get(link.index, ())]
        for path, volume in mine:
            place = _writes(facts, one, path)
            if place is not None:
                yield RULE.at(
                    place,
                    f"{path} is a volume since line {volume.span.start.line}: the classic builder drops "
                    "what is written there",
                    help="write there before VOLUME",
                    related=(Related(volume.keyword_span, "declared here"),),
                )
                break


def _writes(facts: Facts, one: Run | Copy | Add, path: str) -> Span | None:
    if not path or "$" in path or not path.startswith("/"):
        return None
    if isinstance(one, Copy | Add):
        target = one.destination.text.rstrip("/")
        return one.destination.span if target == path or target.startswith(f"{path}/") else None
    script = facts.script(one)
    for command in script.commands if script else ():
        if command.name not in ("touch", "mkdir", "cp", "mv", "chown", "chmod", "tee", "ln", "install", "dd"):
            continue
        for word in command.arguments:
            if word.value is not None and (
                word.value.rstrip("/") == path or word.value.startswith(f"{path}/")
            ):
                return facts.span(one, word.start, word.end)
    return None


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
