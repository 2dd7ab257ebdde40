"""Finds Dockerfiles (and what else is asked for) in folders, passing over what .gitignore and the
configuration leave out."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase

from ctr_ci.problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_PASSED = frozenset(
    [".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", ".tox", ".mypy_cache"]
)
_NOT = (
    ".dockerignore",
    ".md",
    ".txt",
    ".orig",
    ".bak",
    ".rej",
    ".swp",
    ".erb",
    ".j2",
    ".jinja",
    ".jinja2",
    ".tmpl",
    ".tpl",
    ".template",
    ".in",
    ".mustache",
    ".sh",
    ".py",
    ".yml",
    ".yaml",
    ".json",
    ".go",
    ".rb",
    ".js",
    ".ts",
)


def is_dockerfile(name: str) -> bool:
    """Whether a file of this name is a Dockerfile: `Dockerfile`, `Dockerfile.dev`, `Dockerfile-dev`,
    `app.Dockerfile`, …"""
    lower = name.lower()
    if lower.endswith(_NOT) or lower.endswith("~"):
        return False
    stem, dot, _ = lower.partition(".")
    if not dot:  # a dot further on would be a program's ending: dockerfile-lexer.c
        stem = stem.replace("_", "-").partition("-")[0]
    return stem in ("dockerfile", "containerfile") or lower.endswith((".dockerfile", ".containerfile"))


def search(given: Sequence[str], exclude: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """The files to lint, in order, each once; and the problems of paths that give none."""
    found: dict[str, None] = {}
    problems = []
    for path in given:
        if path == "-" or not os.path.isdir(path):
            found[path] = None
            continue
        if os.path.basename(os.path.normpath(path)).lower() in ("dockerfile", "containerfile"):
            problems.append(
                Problem("a folder", "a Dockerfile", "name the file in it, or the folder above it", path)
            )
            continue
        inside = [file for file in sorted(files(path, is_dockerfile)) if not _excluded(file, exclude)]
        if not inside:
            help_text = "name the file, if it is called otherwise"
            problems.append(Problem("no Dockerfile in this folder", "at least one", help_text, path))
        found.update(dict.fromkeys(inside))
    return tuple(found), tuple(problems)


def _excluded(path: str, exclude: tuple[str, ...]) -> bool:
    plain = path.removeprefix("./")
    return any(fnmatchcase(plain, glob) or plain.startswith(f"{glob.rstrip('/')}/") for glob in exclude)


def files(folder: str, wanted: Callable[[str], bool]) -> Iterator[str]:
    """The files of a folder and of those below it whose name is wanted."""
    tracked = _by_git(folder)
    if tracked is not None:
        for name in tracked:
            if wanted(os.path.basename(name)) and not _PASSED & set(name.split("/")):
                path = name if folder == "." else os.path.join(folder, name)
                if os.path.isfile(path):
                    yield path
        return
    yield from _walk(folder, wanted)


def _walk(folder: str, wanted: Callable[[str], bool]) -> Iterator[str]:
    ignored = _ignored(folder)
    for place, folders, names in os.walk(folder):
        inside = os.path.relpath(place, folder)
        prefix = "" if inside == "." else f"{inside}/"
        folders[:] = sorted(f for f in folders if f not in _PASSED and not ignored(prefix + f, True))
        for name in names:
            if wanted(name) and not ignored(prefix + name, False):
                path = os.path.join(place, name)
                if os.path.isfile(path):  # a pipe would never end
                    yield path.removeprefix("./") if folder == "." else path


def _ignored(folder: str):  # type: ignore[no-untyped-def]
    """Outside a git work tree, the folder's own .gitignore decides."""
    from pathlib import Path

    from ctr_ci.workspace import Ignore, ignore_of

    file = Path(folder) / ".gitignore"
    ignore: Ignore | None = ignore_of(Path(folder), file) if file.is_file() else None
    return ignore.ignored if ignore is not None else lambda path, is_folder: False


def _by_git(folder: str) -> list[str] | None:
    """The files that git knows or would add; None outside a work tree or without git."""
    place = os.path.abspath(folder)
    while not os.path.exists(os.path.join(place, ".git")):
        if os.path.dirname(place) == place:
            return None
        place = os.path.dirname(place)
    import subprocess

    try:
        done = subprocess.run(
            ["git", "-C", folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]
