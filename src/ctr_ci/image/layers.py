"""One layer's tar → what it stores, deletes and hides, in one pass and never on disk.

Content is hashed as it streams by (same bytes elsewhere, same bytes stored again) and held only
where something can be learned from it: package databases, manifests, the heads of binaries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from isal.isal_zlib import adler32, crc32

from ctr_ci.image import elf
from ctr_ci.image.elf import Binary
from ctr_ci.image.stream import Piece, Stream
from ctr_ci.image.tar import FILE, HARD_LINK, SYMLINK, Member, clean, members
from ctr_ci.image.unpack import is_packed, plain

WHITEOUT = ".wh."  # OCI image-spec, layer.md § Whiteouts
OPAQUE = ".wh..wh..opq"
SMALLEST_BINARY = 64
LARGEST_KEPT = 64 << 20
SMALL_SCRIPT = 16 << 10
SYSTEM_FOLDERS = ("usr/bin/", "usr/sbin/", "usr/lib/", "usr/share/", "bin/", "sbin/", "lib/", "etc/", "var/")
LONGEST_INTERPRETER = 256  # Linux's limit on the first line of a script


class Entry(NamedTuple):
    """Something a layer stores at a path. `size`: bytes of a file, or of a symlink's target (which
    overlay2 counts), 0 otherwise. `link`: a symlink's target as written, a hard link's clean path.
    `sum`: CRC-32 and Adler-32 of the content, 0 where there is none: enough to see the same bytes
    again, no proof against whoever wants two files to look the same."""

    kind: str
    size: int
    mode: int
    uid: int
    gid: int
    link: str
    extended: tuple[tuple[str, bytes], ...]
    sum: int


@dataclass(frozen=True, slots=True)
class Layer:
    """What one layer says. `diff_id`: the SHA-256 of its plain tar, "" where it came uncompressed and
    whoever reads the archive has it already; `tar_bytes`: the plain tar's length. `deleted`: paths
    that it removes from below; `opaque`: folders of which nothing below shows. `scripts`: of executable
    files that begin with `#!` their first line, of small ones outside /usr all of it."""

    diff_id: str
    tar_bytes: int
    entries: dict[str, Entry]
    deleted: tuple[str, ...]
    opaque: tuple[str, ...]
    kept: dict[str, bytes]
    binaries: dict[str, Binary]
    scripts: dict[str, str]
    unread: tuple[str, ...]  # files that we wanted to read but that are too large


Keep = Callable[[str, int], Callable[[bytes], bytes] | None]


def read(chunks: Iterable[Piece], keep: Keep, *, digest: bool = False) -> Layer:
    """Reads a layer, compressed or not. `keep(path, size)`: what to make of this file's content and
    keep, None for files of no interest. `digest`: hash an uncompressed one too.

    Memory: some 300 bytes a path, what is kept, and two megabytes. Raises InputError.
    """
    whole = None
    packed = Stream(chunks)
    stream = packed
    if digest or is_packed(packed.peek(4)):
        whole = sha256()
        stream = Stream(_hashed(plain(packed.rest()), whole.update))
    entries: dict[str, Entry] = {}
    deleted: list[str] = []
    opaque: list[str] = []
    kept: dict[str, bytes] = {}
    binaries: dict[str, Binary] = {}
    scripts: dict[str, str] = {}
    unread: list[str] = []
    for member in members(stream):
        path = member.name
        folder, _, base = path.rpartition("/")
        if base.startswith(WHITEOUT):
            if base == OPAQUE:
                opaque.append(folder)
            elif not base.startswith(".wh..wh."):  # AUFS's own bookkeeping
                deleted.append(f"{folder}/{base[4:]}" if folder else base[4:])
            continue
        if not path:
            continue
        if path in entries:  # the last of duplicates wins
            kept.pop(path, None)
            binaries.pop(path, None)
            scripts.pop(path, None)
        content = 0
        if member.stored and member.kind == FILE:
            if member.mode & 0o111 and stream.peek(2) == b"#!":
                scripts[path] = _script(member, stream)
            content = _content(member, stream, keep, kept, binaries, unread)
        entries[path] = _entry(member, content)
    for _ in stream.rest():
        pass  # the digest and the length cover the padding too
    return Layer(
        f"sha256:{whole.hexdigest()}" if whole else "",
        stream.offset,
        entries,
        tuple(deleted),
        tuple(opaque),
        kept,
        binaries,
        scripts,
        tuple(unread),
    )


def _script(member: Member, stream: Stream) -> str:
    """A script's first line, or all of it where it may be what the image starts."""
    if member.stored <= SMALL_SCRIPT and not member.name.startswith(SYSTEM_FOLDERS):
        raw = stream.peek(member.stored)
    else:
        raw = stream.peek(min(member.stored, LONGEST_INTERPRETER)).split(b"\n", 1)[0]
    return raw.decode("utf-8", "surrogateescape")


def _entry(member: Member, content: int) -> Entry:
    link, size = member.link, member.size
    if member.kind == SYMLINK:
        size = len(link.encode("utf-8", "surrogateescape"))
    elif member.kind == HARD_LINK:
        link = clean(link)
    return Entry(member.kind, size, member.mode, member.uid, member.gid, link, member.extended, content)


def _hashed(chunks: Iterator[Piece], update: Callable[[Piece], None]) -> Iterator[Piece]:
    for chunk in chunks:
        update(chunk)
        yield chunk


class _Sum:
    """Two fast checksums as one number: a twentieth of a SHA-256's time."""

    __slots__ = ("_adler", "_crc")

    def __init__(self) -> None:
        self._crc, self._adler = 0, 1

    def update(self, piece: Piece) -> None:
        self._crc = crc32(piece, self._crc)
        self._adler = adler32(piece, self._adler)

    def value(self) -> int:
        return self._crc << 32 | self._adler


def _content(
    member: Member,
    stream: Stream,
    keep: Keep,
    kept: dict[str, bytes],
    binaries: dict[str, Binary],
    unread: list[str],
) -> int:
    total = _Sum()
    path, size = member.name, member.stored
    make = keep(path, size)
    if make is not None and size <= LARGEST_KEPT:
        content = stream.take(size)
        total.update(content)
        kept[path] = make(content)
        return total.value()
    if make is not None:
        unread.append(path)
    elif size >= SMALLEST_BINARY and stream.peek(4) == elf.MAGIC:
        head = stream.take(min(size, elf.HEAD))
        total.update(head)
        binaries[path] = elf.read(head, _hashed(stream.pieces(size - len(head)), total.update))
        return total.value()
    for piece in stream.pieces(size):
        total.update(piece)
    if member.size != size:  # sparse: the holes are part of the content
        total.update(b"sparse %d" % member.size)
    return total.value()
