"""What a binary says of itself: its kind, the libraries it needs, the language that made it.

Reads it while it streams by: the first megabytes and two small windows are held, never the file.
Sources: System V ABI (ELF header, program header, dynamic section); Go's debug/buildinfo package.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from ctr_ci.image.stream import Piece

MAGIC = b"\x7fELF"
HEAD = 4 << 20
WINDOW = 4 << 20  # the longest string table that is looked into
GO_MAGIC = b"\xff Go buildinf:"
GO_WINDOW = 1 << 16
RUST_MARK = b"/rustc"
OVERLAP = 32
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
PF_W = 2
DT_NEEDED, DT_STRTAB, DT_STRSZ, DT_SONAME, DT_RPATH, DT_RUNPATH = 1, 5, 10, 14, 15, 29
KINDS = {1: "object", 2: "executable", 3: "shared", 4: "core"}


class Binary(NamedTuple):
    """`kind`: object, executable, shared (also position-independent executables), core or "".
    `needed`: sonames; None where they could not be read. `module`: a Go program's main package.
    `search`: the folders of its own that its libraries are looked for in, as written (`$ORIGIN/lib`)."""

    kind: str
    interpreter: str = ""
    soname: str = ""
    needed: tuple[str, ...] | None = ()
    language: str = ""
    module: str = ""
    search: tuple[str, ...] = ()


class _Layout(NamedTuple):
    kind: str
    order: str  # struct's byte order mark
    wide: bool  # 64 bits
    interpreter: str
    dynamic: tuple[int, int]  # offset, size; (0, 0) for none
    loads: tuple[tuple[int, int, int], ...]  # address, offset, size in the file
    data: tuple[tuple[int, int], ...]  # start and end in the file of what is writable


def read(head: bytes, rest: Iterator[Piece]) -> Binary:
    """The facts of a binary whose first `HEAD` bytes (or all) are `head`; drains `rest`."""
    layout = _layout(head)
    scan = _Scan(layout, head)
    for piece in rest:
        scan.feed(piece)
    return scan.binary()


class _Scan:
    """Follows the bytes after the head and keeps the windows that matter."""

    def __init__(self, layout: _Layout, head: bytes) -> None:
        self.layout = layout
        self.head = head
        self.at = len(head)
        self.language = self.module = ""
        self.tail = b""
        self.go = b""
        self.held: dict[int, bytearray] = {}  # window start -> bytes so far
        self.ends: dict[int, int] = {}
        self.dynamic: dict[int, list[int]] | None = None
        start, size = layout.dynamic
        if size:
            self._want(start, min(size, WINDOW))
        if layout.kind in ("executable", "shared"):
            # Paths of Rust's own sources stand among the first constants.
            self.language = "rust" if RUST_MARK in head else ""
            for begin, limit in layout.data:
                if begin < len(head) and self.language != "go":
                    self._search(head[begin:limit])
        self._advance()

    def feed(self, piece: Piece) -> None:
        end = self.at + len(piece)
        for start, limit in self.ends.items():
            if start < end and limit > self.at:
                self.held[start] += piece[max(0, start - self.at) : limit - self.at]
        if self.go and len(self.go) < GO_WINDOW:
            self.go += piece[: GO_WINDOW - len(self.go)]
        for start, limit in self.layout.data:
            if start < end and limit > self.at and self.language != "go":
                self._search(bytes(piece[max(0, start - self.at) : limit - self.at]))
        self.at = end
        self._advance()

    def _want(self, start: int, size: int) -> None:
        """Asks for a window; what of it lies in the head is there at once."""
        self.ends[start] = start + size
        self.held[start] = bytearray(self.head[start : start + size])

    def _whole(self, start: int) -> bytes | None:
        held = self.held.get(start)
        return bytes(held) if held is not None and len(held) == self.ends[start] - start else None

    def _advance(self) -> None:
        """Once the dynamic section is there, asks for the strings that it points into."""
        start, size = self.layout.dynamic
        if self.dynamic is not None or not size:
            return
        section = self._whole(start)
        if section is None:
            return
        self.dynamic = _dynamic(section, self.layout)
        strings = self._strings()
        length = (self.dynamic.get(DT_STRSZ) or [0])[0]
        if strings and 0 < length <= WINDOW and (strings >= self.at or strings + length <= len(self.head)):
            self._want(strings, length)

    def _strings(self) -> int:
        """The place in the file of the dynamic section's string table."""
        for address in (self.dynamic or {}).get(DT_STRTAB, ()):
            for start, offset, size in self.layout.loads:
                if start <= address < start + size:
                    return offset + address - start
        return 0

    def _search(self, piece: bytes) -> None:
        """Looks for Go's build info in writable data, across the borders of pieces too."""
        data = self.tail + piece
        found = data.find(GO_MAGIC)
        if found >= 0:
            self.language, self.go = "go", data[found : found + GO_WINDOW]
        self.tail = data[-OVERLAP:]

    def binary(self) -> Binary:
        layout = self.layout
        needed: tuple[str, ...] | None = ()
        soname = ""
        search: tuple[str, ...] = ()
        if layout.dynamic[1]:
            strings = self._whole(self._strings()) if self.dynamic is not None else None
            if self.dynamic is None or (strings is None and DT_NEEDED in self.dynamic):
                needed = None
            elif strings is not None:
                needed = tuple(_string(strings, at) for at in self.dynamic.get(DT_NEEDED, ()))
                soname = next((_string(strings, at) for at in self.dynamic.get(DT_SONAME, ())), "")
                told = self.dynamic.get(DT_RUNPATH) or self.dynamic.get(DT_RPATH) or ()
                search = tuple(folder for at in told for folder in _string(strings, at).split(":") if folder)
        module = _go_module(self.go) if self.go else ""
        return Binary(layout.kind, layout.interpreter, soname, needed, self.language, module, search)


def _layout(head: bytes) -> _Layout:
    nothing = _Layout("", "<", True, "", (0, 0), (), ())
    if len(head) < 64 or head[4] not in (1, 2) or head[5] not in (1, 2):
        return nothing
    wide, order = head[4] == 2, "<" if head[5] == 1 else ">"
    kind = KINDS.get(struct.unpack_from(order + "H", head, 16)[0], "")
    if wide:
        table, step, count = (
            struct.unpack_from(order + "Q", head, 32)[0],
            *struct.unpack_from(order + "HH", head, 54),
        )
    else:
        table, step, count = (
            struct.unpack_from(order + "I", head, 28)[0],
            *struct.unpack_from(order + "HH", head, 42),
        )
    interpreter, dynamic, loads, data = "", (0, 0), [], []
    for index in range(count):
        at = table + index * step
        if at + (56 if wide else 32) > len(head):
            break
        if wide:
            sort, flags, offset, address, _, size = struct.unpack_from(order + "IIQQQQ", head, at)
        else:
            sort, offset, address, _, size, _, flags = struct.unpack_from(order + "IIIIIII", head, at)
        if sort == PT_LOAD:
            loads.append((address, offset, size))
            if flags & PF_W:
                data.append((offset, offset + size))
        elif sort == PT_DYNAMIC:
            dynamic = (offset, size)
        elif sort == PT_INTERP:
            interpreter = head[offset : offset + size].rstrip(b"\0").decode("utf-8", "surrogateescape")
    return _Layout(kind, order, wide, interpreter, dynamic, tuple(loads), tuple(data))


def _dynamic(section: bytes, layout: _Layout) -> dict[int, list[int]]:
    """Tag → values, up to DT_NULL."""
    form = layout.order + ("QQ" if layout.wide else "II")
    size = struct.calcsize(form)
    found: dict[int, list[int]] = {}
    for tag, number in struct.iter_unpack(form, section[: len(section) // size * size]):
        if not tag:
            break
        found.setdefault(tag, []).append(number)
    return found


def _string(table: bytes, at: int) -> str:
    return table[at : table.find(b"\0", at)].decode("utf-8", "surrogateescape")


def _go_module(window: bytes) -> str:
    """The main package's path; "" where Go before 1.18 wrote pointers instead of strings."""
    if len(window) < 34 or not window[15] & 2:
        return ""
    at = 32
    texts = []
    for _ in range(2):
        length = shift = 0
        while at < len(window):
            byte = window[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        texts.append(window[at : at + length])
        at += length
    for line in texts[1].split(b"\n"):
        # The text is framed by 16 bytes of markers on either side, so `path` may follow garbage.
        before, tab, path = line.partition(b"path\t")
        if tab and (not before or len(before) == 16):
            return path.decode("utf-8", "replace")
    return ""
