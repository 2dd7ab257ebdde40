"""The build context of a split: the names in a folder as COPY sees them, and the tar that a build gets.

The Dockerfile of a trial build goes along under a name of ours. The classic builder takes it out of the
context where .dockerignore names it; BuildKit does not, so its two builds get both files alike. So both
builds see the same files, and the second one takes the layers of the first from the cache.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ctr_ci.lint import Ignore
from ctr_ci.problem import InputError, Problem
from ctr_ci.split import TRIAL, Folder

IGNORE = ".dockerignore"
MOST = 200_000  # names
READ = ("package.json",)
LARGEST_READ = 1 << 20
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class BuildContext:
    """A folder and what its .dockerignore leaves of it; `names` with `/`, folders among them."""

    root: Path
    ignore: str
    names: tuple[str, ...]

    def folder(self) -> Folder:
        """What a split asks of it: files, and the texts of manifests and scripts."""
        files = tuple(name for name in self.names if not (self.root / name).is_dir())
        texts = []
        for name in files:
            path = self.root / name
            base = os.path.basename(name)
            wanted = base in READ or base.endswith((".sh", "entrypoint", "start"))
            if wanted and path.is_file() and path.stat().st_size <= LARGEST_READ:
                texts.append((name, path.read_text(encoding="utf-8", errors="replace")))
        return Folder(files, tuple(texts))

    def tar(self, dockerfiles: Mapping[str, bytes]) -> Iterator[bytes]:
        """The archive of a build, with Dockerfiles by their names, which begin with TRIAL."""
        told = self.ignore if self.ignore else IGNORE
        yield from _member(IGNORE, f"{told}\n{TRIAL}*\n".encode())
        for name, text in dockerfiles.items():
            yield from _member(name, text)
        for name in self.names:
            if name != IGNORE and name not in dockerfiles:
                yield from self._packed(name)
        yield bytes(2 * tarfile.BLOCKSIZE)

    def _packed(self, name: str) -> Iterator[bytes]:
        path = self.root / name
        info = tarfile.TarInfo(name)
        try:
            status = path.lstat()
            info.mode, info.mtime = status.st_mode & 0o7777, int(status.st_mtime)
            if path.is_symlink():
                info.type, info.linkname = tarfile.SYMTYPE, os.readlink(path)
                yield info.tobuf(tarfile.PAX_FORMAT)
            elif path.is_dir():
                info.type = tarfile.DIRTYPE
                yield info.tobuf(tarfile.PAX_FORMAT)
            elif path.is_file():
                info.size = status.st_size
                yield info.tobuf(tarfile.PAX_FORMAT)
                yield from _content(path, status.st_size)
        except OSError as error:
            raise InputError(Problem(f"cannot read {path}: {error.strerror}")) from error


def read(root: Path, dockerfile: Path) -> BuildContext:
    """Looks at a folder. Raises InputError where it is none."""
    if not root.is_dir():
        raise InputError(Problem(f"{root} is not a folder", expected="the build context"))
    own = Path(f"{dockerfile}.dockerignore")
    file = own if own.is_file() else root / IGNORE
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    return BuildContext(root, text, tuple(_names(root, Ignore(text))))


def _names(root: Path, ignore: Ignore) -> Iterator[str]:
    count = 0
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
        except OSError as error:
            raise InputError(Problem(f"cannot read {root / folder}: {error.strerror}")) from error
        for entry in entries:
            name = f"{folder}/{entry.name}".lstrip("/")
            out = ignore.ignored(name)
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder and (not out or ignore.may_take_in_below(name)):
                waiting.append(name)
            if not out:
                count += 1
                yield name
        if count > MOST:
            raise InputError(
                Problem(
                    f"{root} holds more than {MOST:,} files",
                    expected="a build context",
                    help="give the folder that is built: ctr-ci split DOCKERFILE CONTEXT",
                )
            )


def _member(name: str, content: bytes) -> Iterator[bytes]:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o644
    yield info.tobuf(tarfile.PAX_FORMAT) + content + bytes(-len(content) % tarfile.BLOCKSIZE)


def _content(path: Path, size: int) -> Iterator[bytes]:
    """Exactly `size` bytes, whatever becomes of the file meanwhile: its head has told that many."""
    left = size
    with path.open("rb") as file:
        while left and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
    yield bytes(left + -size % tarfile.BLOCKSIZE)
