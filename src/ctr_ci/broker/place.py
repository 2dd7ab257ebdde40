"""Where on the host lies what a step calls /workspace/...: found without leaving the build's folders.

Every component is opened without following links; a link is read and followed in the step's own view,
so neither `..` nor a link leads outside.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass

_LINKS = 40  # as many as the kernel follows
_OPEN = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


Hold = Callable[[int, str], str]


def found_path(_: int, path: str) -> str:
    return path


def find(path: str, roots: Mapping[str, str], create: bool, hold: Hold = found_path) -> str | None:
    """What stands for a step's absolute `path`: a host path, or a volume's name.

    `roots` maps absolute container paths to host paths or volume names. None where the path leaves
    the roots, or (unless `create`) does not exist. Folders that are missing are made if `create`.
    `hold` is given an open descriptor (`O_PATH`) and the path of what was found below a root, and says
    what stands for it.
    """
    pending = posixpath.normpath(path)
    for _ in range(_LINKS):
        root = _root(pending, roots)
        if root is None:
            return None
        inside = posixpath.relpath(pending, root)
        if not roots[root].startswith("/"):
            return roots[root] if inside == "." else None
        if inside == ".":
            return roots[root]
        found = _walk(root, roots[root], inside.split("/"), create, hold)
        if not isinstance(found, _Link):
            return found
        pending = posixpath.normpath(found.target)
    return None


@dataclass(frozen=True, slots=True)
class _Link:
    """A link in the way: the step's path to go on with."""

    target: str


def _root(path: str, roots: Mapping[str, str]) -> str | None:
    """The innermost root that holds a path."""
    holding = [root for root in roots if path == root or path.startswith(root.rstrip("/") + "/")]
    return max(holding, key=len, default=None)


def _walk(root: str, host: str, parts: list[str], create: bool, hold: Hold) -> str | _Link | None:
    with ExitStack() as opened:
        try:
            at = os.open(host, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return None
        opened.callback(os.close, at)
        top = os.readlink(f"/proc/self/fd/{at}")
        for index, part in enumerate(parts):
            if create:
                with suppress(FileExistsError, NotADirectoryError, PermissionError):
                    os.mkdir(part, dir_fd=at)
            try:
                inner = os.open(part, _OPEN, dir_fd=at)
            except OSError:
                return None
            opened.callback(os.close, inner)
            if stat.S_ISLNK(os.fstat(inner).st_mode):
                link = os.readlink("", dir_fd=inner)
                beside = posixpath.join(root, *parts[:index])
                return _Link(posixpath.join(beside, link, *parts[index + 1 :]))
            at = inner
        found = os.readlink(f"/proc/self/fd/{at}")
        return hold(at, found) if found.startswith(top.rstrip("/") + "/") else None
