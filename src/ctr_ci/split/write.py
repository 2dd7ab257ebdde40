"""The text of a split: the user's own lines, moved or repeated, and the few that are new.

Every comment, heredoc and line end of the original stays; what only configures the image moves with the
comments above it to the stage that ships.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ctr_ci.dockerfile import (
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    Healthcheck,
    Instruction,
    Label,
    Maintainer,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
)
from ctr_ci.split.model import Artefact
from ctr_ci.split.reading import Reading

STAGE = "build"
_CONFIGURES = (Cmd, Entrypoint, Expose, Healthcheck, Label, Maintainer, Stopsignal, Volume)
_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Draft:
    """What the new stage holds beside the user's own lines: its image, commands that install packages and
    that prepare accounts and folders, what ships, and commands that come after it. `after` runs at the
    end of the first stage."""

    runtime: str
    installs: str
    prepares: tuple[str, ...]
    artefacts: tuple[Artefact, ...]
    finishes: tuple[str, ...]
    after: tuple[str, ...]


def write(reading: Reading, draft: Draft) -> str:
    """The whole new text."""
    source = reading.facts.source
    text, end = source.text, source.newline
    stage = reading.stage
    last_work = max(
        (one.start for one in stage.instructions if isinstance(one, Run | Copy | Add)),
        default=stage.base.start,
    )
    moved = [one for one in stage.instructions if _moves(one, last_work)]
    gone = [_region(text, one) for one in moved]
    taken = {one.from_.text.lower() for one in reading.external() if one.from_ is not None}
    free = next(
        name for name in (STAGE, *(f"{STAGE}{number}" for number in range(2, 999))) if name not in taken
    )
    name = stage.base.name.text if stage.base.name is not None else free
    first = text[: stage.base.image.end] + ("" if stage.base.name is not None else f" AS {name}")
    at = stage.base.image.end
    for start, stop in gone:
        first += text[at:start]
        at = stop
    first = (first + text[at:]).rstrip() + end
    first += "".join(f"RUN {command}{end}" for command in draft.after)
    return f"{first}{end}{end.join(_lines(reading, draft, name, moved, last_work))}{end}"


def _moves(one: Instruction, last_work: int) -> bool:
    """Whether an instruction stands in the tail that only says what the image is like. What stands before
    a command stays there too, so that the build stage is the old file's beginning, layer by layer."""
    return one.start > last_work and isinstance(one, (*_CONFIGURES, Env, User))


def _region(text: str, one: Instruction) -> tuple[int, int]:
    """An instruction with the comments right above it and its line end."""
    start = min([one.start, *(comment.start for comment in one.line.above)])
    start = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", one.end)
    return start, len(text) if stop < 0 else stop + 1


def _lines(
    reading: Reading, draft: Draft, name: str, moved: list[Instruction], last_work: int
) -> Iterator[str]:
    platform = reading.stage.base.platform
    flag = f"--platform={platform.text} " if platform is not None and "$" not in platform.text else ""
    yield f"FROM {flag}{draft.runtime}"
    rest = tuple(_behind_variables(reading, draft, name, moved))
    yield from _variables(reading, moved, " ".join(rest))
    yield from rest


def _variables(reading: Reading, moved: list[Instruction], words: str) -> Iterator[str]:
    """Every ENV, and the ARGs that what follows reads, in the file's order: a later ARG gives a name
    another value."""
    text = reading.facts.source.text
    needed: list[str] = []
    for one in reversed(reading.stage.instructions):
        if isinstance(one, Env) or (
            isinstance(one, Arg) and any(_reads(words, pair.key.text) for pair in one.pairs)
        ):
            words += " " + text[one.start : one.end]
            needed.append(_with_comments(text, one) if one in moved else _own(text, one))
    yield from reversed(needed)


def _behind_variables(reading: Reading, draft: Draft, name: str, moved: list[Instruction]) -> Iterator[str]:
    text = reading.facts.source.text
    if draft.installs:
        yield draft.installs
    workdir = _last(reading.stage.instructions, Workdir)
    for external in reading.external():
        told = external.destination.text
        if not told.startswith(("/", "$")) and (place := reading.at(external)) != reading.workdir:
            yield f"WORKDIR {place}"
            yield _own(text, external)
    if reading.workdir != "/" or workdir is not None:
        yield f"WORKDIR {_workdir(reading, workdir)}"
    if draft.prepares:
        yield _run(draft.prepares)
    for external in reading.external():
        told = external.destination.text
        if told.startswith(("/", "$")) or reading.at(external) == reading.workdir:
            yield _own(text, external)
    yield from copies(name, draft.artefacts)
    if draft.finishes:
        yield _run(draft.finishes)
    shell = _last(reading.stage.instructions, Shell)
    if shell is not None:
        yield _own(text, shell)
    user = _last(reading.stage.instructions, User)
    for one in reading.stage.instructions:
        line = _with_comments(text, one) if one in moved else _own(text, one)
        if one is user and one in moved:
            yield line
            user = None
        elif isinstance(one, _CONFIGURES):
            if isinstance(one, Cmd | Entrypoint | Healthcheck) and user is not None:
                yield _own(text, user)
                user = None
            yield line
    if user is not None:
        yield _own(text, user)


def copies(name: str, artefacts: Iterable[Artefact]) -> Iterator[str]:
    """A COPY for each artefact. A folder's content is copied, so it lands in a folder of the same name."""
    for one in artefacts:
        owner = f" --chown={one.owner}" if one.owner else ""
        words = f"{one.path} {one.place}"
        if " " in one.path + one.place:
            words = f'["{one.path}", "{one.place}"]'
        yield f"COPY --from={name}{owner} {words}"


def _workdir(reading: Reading, last: Instruction | None) -> str:
    if isinstance(last, Workdir) and last.path.text.startswith(("/", "$")):
        return last.path.text
    return reading.workdir


def _last(instructions: Iterable[Instruction], kind: type) -> Instruction | None:
    found = None
    for one in instructions:
        found = one if isinstance(one, kind) else found
    return found


def _own(text: str, one: Instruction) -> str:
    return text[one.start : one.end].rstrip("\r\n")


def _with_comments(text: str, one: Instruction) -> str:
    """An instruction with the comments above it, without the blank lines before these."""
    start, _ = _region(text, one)
    return text[start : one.end].strip("\r\n")


def _reads(words: str, name: str) -> bool:
    return f"${name}" in words or f"${{{name}" in words


def _run(commands: tuple[str, ...]) -> str:
    return "RUN " + " && ".join(commands)


def installs(manager: str, packages: tuple[str, ...], escape: str, newline: str) -> str:
    """A RUN that installs packages of a distribution and leaves none of its lists."""
    names = " ".join(packages)
    if manager == "apk":
        return f"RUN apk add --no-cache {names}"
    if manager == "dnf":
        return f"RUN dnf install -y --setopt=install_weak_deps=False {names} && dnf clean all"
    steps = (
        "apt-get update",
        f"apt-get install -y --no-install-recommends {names}",
        "rm -rf /var/lib/apt/lists/*",
    )
    line = "RUN " + " && ".join(steps)
    return line if len(line) <= _LENGTH else "RUN " + f" {escape}{newline}    && ".join(steps)
