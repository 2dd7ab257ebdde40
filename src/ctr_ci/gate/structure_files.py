"""A structure test's questions about files, answered from a container that is never started.

Each answers "" where the file is as asked, else what is not.
"""

from __future__ import annotations

import io
import posixpath
import stat
import tarfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from ctr_ci.engine import Engine
from ctr_ci.gate.go_pattern import matches
from ctr_ci.gate.structure import ContentTest, FileTest, LicenseTest
from ctr_ci.problem import Problem, WorldError

FILE_LIMIT = 16 << 20  # bytes of a file that a test looks at
_LINKS = 40  # as many as the kernel follows
_ROUND = "too many links"  # as the engine says that a link leads to itself
_DOC = "/usr/share/doc"
_FORBIDDEN = ("AGPL", "WTFPL")
_EXCUSED = frozenset(("libgnutls30",))
_EXECUTABLE = {"owner": 0o100, "group": 0o010, "other": 0o001, "any": 0o111, "": 0}


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one container."""

    engine: Engine
    container: str

    def stands(self, test: FileTest, path: str) -> str:
        """`path` is the test's, with its variables replaced."""
        member, _ = self._member(path, content=False)
        if member is None:
            return f"{path} is missing" if test.exists else ""
        if not test.exists:
            return f"{path} is there"
        modes = _modes(member)
        if test.permissions and test.permissions not in modes:
            return f"{path} has permissions {modes[0]}, not {test.permissions}"
        for name, wanted, found in (("uid", test.uid, member.uid), ("gid", test.gid, member.gid)):
            if wanted not in (-1, found):
                return f"{path} has {name} {found}, not {wanted}"
        bits = _EXECUTABLE[test.executable_by]
        if bits and not member.mode & bits:
            return f"{path} is not executable by {test.executable_by}: {modes[0]}"
        return ""

    def holds(self, test: ContentTest) -> str:
        failed, content = self._read(test.path)
        if failed:
            return failed
        text = content.decode("utf-8", "replace")
        for pattern in test.expected:
            if not matches(pattern, text):
                return f"{test.path} has no {pattern!r}"
        for pattern in test.excluded:
            if matches(pattern, text):
                return f"{test.path} has {pattern!r}"
        return ""

    def licensed(self, test: LicenseTest) -> str:
        """No file names a license that Google forbids, as upstream has it: AGPL, WTFPL."""
        paths = list(test.files)
        if test.debian:
            packages = self._packages()
            if packages is None:
                return f"{_DOC} is missing"
            paths += [f"{_DOC}/{package}/copyright" for package in packages]
        for path in paths:
            failed, content = self._read(path)
            if failed:
                return failed
            upper = content.decode("utf-8", "replace").upper()
            for word in _FORBIDDEN:
                if word in upper:
                    return f"{path} speaks of {word}"
        return ""

    def _packages(self) -> list[str] | None:
        """The folders of /usr/share/doc; None where there is no such place."""
        pieces = self.engine.files(self.container, _DOC)
        if pieces is None:
            return None
        with tarfile.open(fileobj=_Stream(pieces), mode="r|") as archive:
            inside = (member.name.strip("/").split("/") for member in archive if member.isdir())
            return sorted(parts[1] for parts in inside if len(parts) == 2 and parts[1] not in _EXCUSED)

    def _read(self, path: str) -> tuple[str, bytes]:
        """What is wrong with it as a file, or its content; links are followed."""
        at = path
        for _ in range(_LINKS):
            try:
                member, content = self._member(at, content=True)
            except WorldError as error:
                if _ROUND in error.problems[0].found:
                    break
                raise
            if member is None:
                return f"{path} is missing" if at == path else f"{path} leads to {at}, which is missing", b""
            if not member.issym():
                if not member.isfile():
                    return f"{path} is no file", b""
                if len(content) > FILE_LIMIT:  # what is not read could hold anything
                    return f"{path} has more than the {FILE_LIMIT >> 20} MiB that a test can look at", b""
                return "", content
            at = posixpath.join(posixpath.dirname(at), member.linkname)
        return f"{path} leads round in a circle", b""

    def _member(self, path: str, content: bool) -> tuple[tarfile.TarInfo | None, bytes]:
        """The first entry of a path's archive, and its content up to one byte more than the limit."""
        pieces = self.engine.files(self.container, path)
        if pieces is None:
            return None, b""
        try:
            with closing(_Stream(pieces)) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
                member = archive.next()
                if member is None:
                    return None, b""
                inside = archive.extractfile(member) if content and member.isfile() else None
                return member, inside.read(FILE_LIMIT + 1) if inside else b""
        except tarfile.TarError as error:
            raise WorldError(Problem(f"the engine's archive of {path} cannot be read ({error})")) from error


class _Stream(io.RawIOBase):
    """Pieces of bytes as a file that tarfile reads on."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        getattr(self._pieces, "close", lambda: None)()
        super().close()

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._rest) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._rest += piece
        size = len(self._rest) if size < 0 else size
        given, self._rest = self._rest[:size], self._rest[size:]
        return given


def _modes(member: tarfile.TarInfo) -> tuple[str, str]:
    """Its permissions as `ls -l` writes them, and as Go does: `drwxrwxrwt`, and `dtrwxrwxrwx`."""
    kinds = ((member.isdir(), stat.S_IFDIR), (member.issym(), stat.S_IFLNK), (True, stat.S_IFREG))
    kind = next(bits for holds, bits in kinds if holds)
    letters = "".join(
        letter
        for letter, holds in (
            ("d", kind == stat.S_IFDIR),
            ("L", kind == stat.S_IFLNK),
            ("u", member.mode & stat.S_ISUID),
            ("g", member.mode & stat.S_ISGID),
            ("t", member.mode & stat.S_ISVTX),
        )
        if holds
    )
    return stat.filemode(kind | member.mode), (letters or "-") + stat.filemode(member.mode & 0o777)[1:]
