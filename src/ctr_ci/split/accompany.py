"""What a program finds around it beside itself: accounts, folders, owners, files written by commands.

Reads the commands of the build stage for what they leave outside the places that are built in.
"""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ctr_ci.dockerfile import Add, Copy, is_url
from ctr_ci.split.model import Artefact
from ctr_ci.split.reading import ACCOUNTS, Reading, Step

# Where commands leave what no program needs.
_PASSING = (
    "/tmp", "/var/tmp", "/dev", "/proc", "/root/.", "/var/lib/apt", "/var/cache", "/etc/apt", "/var/lib/dpkg",
    "/usr/share/keyrings", "/usr/src", "/usr/local/go", "/usr/local/cargo", "/usr/local/rustup", "/go/",
    "/usr/share/maven", "/opt/maven", "/opt/gradle", "/usr/share/doc", "/usr/share/man",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Company:
    """`prepares`: commands that make accounts and folders; `finishes`: that come after the files; `files`
    that commands wrote; `unsure`: commands whose work nobody here can follow."""

    prepares: tuple[str, ...]
    finishes: tuple[str, ...]
    files: tuple[Artefact, ...]
    unsure: tuple[Step, ...]


def company(reading: Reading, shipped: tuple[Artefact, ...]) -> Company:
    """What goes with artefacts that ship already."""
    prepares: list[str] = []
    files: dict[str, Artefact] = {}
    folders: set[str] = set()
    unsure: list[Step] = []
    for step in reading.steps:
        name, values = step.command.name, step.command.values
        plain = [text for text in values if text and not text.startswith("-")]
        if name in ACCOUNTS:
            prepares.append(_text(step))
        elif name == "mkdir":
            made = [
                place
                for text in plain
                if (place := step.path(text)) and _stays(reading, place) and not _holds(place, shipped)
            ]
            folders.update(made)
            if made:
                prepares.append(f"mkdir -p {' '.join(made)}")
        elif name in ("chown", "chmod") and len(plain) > 1:
            places = [place for text in plain[1:] if (place := step.path(text))]
            told = [
                place
                for place in places
                if any(_below(one, {place}) for one in folders) or place == reading.workdir != "/"
            ]
            if told:
                deep = ["-R"] if {"-R", "--recursive"} & set(values) else []
                prepares.append(" ".join([name, *deep, plain[0], *told]))
        if name == "ln" and len(plain) == 2 and plain[0].startswith("/dev/") and (at := step.path(plain[1])):
            prepares.append(f"mkdir -p {posixpath.dirname(at)} && ln -sf {plain[0]} {at}")
            continue
        for place in _written(step, name, plain):
            if _stays(reading, place):
                files[place] = Artefact(place, f"`{name}` wrote it")
        if name == "rm":
            gone = {step.path(text) for text in plain}
            files = {path: one for path, one in files.items() if not _below(path, gone)}
        if step.folder == "" and name not in _HARMLESS:
            unsure.append(step)
    for one, place in _downloads(reading):
        files.setdefault(place, Artefact(place, f"{one} brought it"))
    covered = {one.place for one in shipped}
    kept = tuple(one for path, one in files.items() if not _below(path, covered))
    libraries = any(".so" in one.path or "/lib" in one.path for one in (*shipped, *kept))
    names = {step.command.name for step in reading.steps}
    finishes = ["ldconfig"] if libraries and "ldconfig" in names else []
    if "update-ca-certificates" in names:
        finishes.append("update-ca-certificates")
    return Company(tuple(dict.fromkeys(prepares)), tuple(finishes), kept, tuple(unsure))


def owned(reading: Reading, artefact: Artefact) -> Artefact:
    """The artefact with the owner that its file has in the build stage."""
    owner = ""
    for one in reading.stage.instructions:
        if (
            isinstance(one, Copy | Add)
            and one.chown is not None
            and not (isinstance(one, Copy) and one.from_)
        ):
            owner = one.chown.text if _reaches(reading, one, artefact.path) else owner
    user = ""
    for step in reading.steps:
        before = reading.facts.before(step.run).user or ""
        user = before if before.partition(":")[0] not in ("", "root", "0") else ""
        plain = [text for text in step.command.values if text and not text.startswith("-")]
        if step.command.name == "chown" and len(plain) > 1:
            places = {step.path(text) for text in plain[1:]}
            if _below(artefact.path, places):
                owner = plain[0]
    if artefact.place.startswith(("/usr/", "/opt/", "/etc/", "/bin/", "/var/lib/")):
        user = ""  # where only root writes, unless it was said
    return replace(artefact, owner=owner or user)


def _reaches(reading: Reading, one: Copy | Add, path: str) -> bool:
    return any(
        _below(path, {target}) or _below(target, {path})
        for copied, _, target in reading.copied()
        if copied is one
    )


def _text(step: Step) -> str:
    return " ".join(word.text for word in step.command.words)


def _below(path: str, folders: set[str]) -> bool:
    return any(folder and (path == folder or path.startswith(f"{folder.rstrip('/')}/")) for folder in folders)


def _holds(place: str, shipped: tuple[Artefact, ...]) -> bool:
    """Whether a folder comes to be by itself, since something in it ships."""
    return any(one.place.startswith(f"{place}/") for one in shipped)


def _stays(reading: Reading, place: str) -> bool:
    """Whether a place is neither one that passes nor one that is built in."""
    roots = {target for _, source, target in reading.copied() if not source}
    roots |= {folder for folder in (reading.workdir,) if folder != "/"}
    return not place.startswith(_PASSING) and not _below(place, roots) and place != "/"


def _written(step: Step, name: str, plain: list[str]) -> Iterator[str]:
    for one in step.command.redirections:
        if one.operator in (">", ">>", ">|") and one.target.value and one.descriptor in ("", "1"):
            yield step.path(one.target.value)
    if name in ("cp", "install", "mv", "ln") and len(plain) > 1 and "-d" not in step.command.values:
        into = step.path(plain[-1])
        if into:
            folder = plain[-1].endswith("/") or into in _FOLDERS or len(plain) > 2
            yield from (
                posixpath.join(into, posixpath.basename(text)) if folder else into for text in plain[:-1]
            )
    elif name in ("tee", "touch"):
        yield from (place for text in plain if (place := step.path(text)))
    elif name in ("curl", "wget"):
        values = step.command.values
        for flag, to in itertools.pairwise(values):
            if flag in ("-o", "--output", "-O", "--output-document", "-Lo", "-sLo", "-fsSLo", "-qO"):
                place = step.path(to)
                if place and not place.endswith(
                    (".tar.gz", ".tgz", ".zip", ".tar.xz", ".deb", ".asc", ".tar")
                ):
                    yield place


def _downloads(reading: Reading) -> Iterator[tuple[str, str]]:
    for one in reading.stage.instructions:
        if isinstance(one, Add) and any(is_url(word.text) for word in one.sources):
            folder = reading.at(one)
            target = posixpath.normpath(posixpath.join(folder, one.destination.text))
            for word in one.sources:
                name = posixpath.basename(word.text)
                into = one.destination.text.endswith("/") or len(one.sources) > 1
                yield "ADD", posixpath.join(target, name) if into else target


_FOLDERS = frozenset(
    ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/lib", "/etc", "/opt", "/usr/local/etc"]
)
_HARMLESS = frozenset(["cd", "rm", "echo", "set", "true", "export", "test", "["]) | ACCOUNTS
