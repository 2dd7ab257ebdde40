"""Which builds of a repository use a Dockerfile: read from compose and bake files where such lie.

They are looked for in the Dockerfile's folder and above it, up to the repository's root; a folder is
listed once and a file read once a run.
"""

from __future__ import annotations

import os

from ctr_ci.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LARGEST = 1 << 20  # bytes of a file that is read
MOST = 2000  # builds of one folder
_FIRST = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")


@value
class Build:
    """One way that a Dockerfile is built: both paths absolute, `context` "" for one that is no folder here;
    `args` and `contexts` are names. `keeps`: an image comes of it, not only a result of its steps."""

    dockerfile: str
    context: str
    target: str = ""
    args: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    keeps: bool = True


class Builds:
    """The builds of the folders that a run has come by."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, list[Build]]] = {}
        self._above: dict[str, list[str]] = {}

    def of(self, path: str) -> tuple[Build, ...]:
        """The builds that use the Dockerfile at `path`."""
        full = os.path.abspath(path)
        return tuple(
            build
            for folder in self._folders(os.path.dirname(full))
            for build in self._in(folder).get(full, ())
        )

    def _folders(self, folder: str) -> list[str]:
        """A folder and those above it up to the repository's root, or itself outside a repository."""
        known = self._above.get(folder)
        if known is None:
            known = [folder]
            while not os.path.exists(os.path.join(known[-1], ".git")):
                parent = os.path.dirname(known[-1])
                if parent == known[-1]:
                    known = [folder]
                    break
                known.append(parent)
            self._above[folder] = known
        return known

    def _in(self, folder: str) -> dict[str, list[Build]]:
        known = self._found.get(folder)
        if known is None:
            known = self._found[folder] = {}
            for build in _read(folder):
                known.setdefault(_spelled(build.dockerfile), []).append(build)
        return known


def is_compose(name: str) -> bool:
    """Whether a file of this name (in lower case) is taken for a compose file."""
    return "compose" in name and name.endswith((".yml", ".yaml"))


def is_bake(name: str) -> bool:
    """Whether a file of this name (in lower case) is taken for a bake file."""
    return "bake" in name and name.endswith((".hcl", ".json")) and not name.startswith(".")


def joined(folder: str, path: str) -> str:
    """A path below a folder; "" for what is no path (a URL, another build's result)."""
    if "://" in path or path.startswith(("git@", "target:", "service:", "-")):
        return ""
    if not folder and not os.path.isabs(path):
        return ""
    return os.path.normpath(os.path.join(folder, os.path.expanduser(path)))


def text_of(path: str) -> str:
    """A file's text, "" where it cannot be read, is none (a pipe, or a device that has no end), or is too
    large to be one that people wrote."""
    try:
        if not os.path.isfile(path) or os.path.getsize(path) > LARGEST:
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(LARGEST)
    except OSError:
        return ""


def _read(folder: str) -> tuple[Build, ...]:
    try:
        names = os.listdir(folder)
    except OSError:
        return ()
    composed = sorted((n for n in names if is_compose(n.lower())), key=_order)
    baked = sorted((n for n in names if is_bake(n.lower())), key=_order)
    found: list[Build] = []
    read: Callable[[str], str] = text_of
    if composed:
        from ctr_ci.verbs import lint_compose

        found += _some(lint_compose.builds([os.path.join(folder, name) for name in composed], read))
    if baked:
        from ctr_ci.verbs import lint_bake

        found += _some(lint_bake.builds([os.path.join(folder, name) for name in baked], read))
    return tuple(build for build in found if build.dockerfile)


def _some(builds: Iterator[Build]) -> list[Build]:
    """As many as a folder may have; none where a file is nested deeper than people nest."""
    from itertools import islice

    try:
        return list(islice(builds, MOST))
    except RecursionError:
        return []


def _order(name: str) -> tuple[bool, bool, str]:
    """The file that the others add to comes first, overrides last."""
    return (name.lower() not in _FIRST, "override" in name, name)


def _spelled(path: str) -> str:
    """`Dockerfile` may be spelled `dockerfile` on the disk."""
    folder, name = os.path.split(path)
    lower = os.path.join(folder, "dockerfile")
    return lower if name == "Dockerfile" and not os.path.exists(path) and os.path.exists(lower) else path
