"""HTTP/1.1 as the broker reads it from steps: one strict meaning, or none.

What two readers could understand differently (two lengths, folded lines, odd chunks, a bare line
feed) is refused, so that the engine can never see another request than the one that was judged.
Pure: bytes in, values out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HEAD_LIMIT = 64 * 1024
HEADERS_LIMIT = 100
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TARGET = re.compile(rb"/[\x21\x22\x24-\x7e]*")  # origin form: no spaces, no fragment, ASCII
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,12}")
_LINE = 16  # longer than any line between chunks may be


class Malformed(Exception):
    """Not HTTP/1.1 as we accept it; `status` is the answer's."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


@dataclass(frozen=True, slots=True)
class Head:
    """A request's first line and headers, names in lower case. `length` is the body's length in
    bytes, None where it is chunked, 0 where there is none."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    length: int | None

    def header(self, name: str) -> str:
        """The header's value, "" where absent."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def upgrade(self) -> str:
        """The protocol that the client asks to change to ("tcp", "h2c"), "" where it does not."""
        asks = "upgrade" in [part.strip().lower() for part in self.header("connection").split(",")]
        return self.header("upgrade").strip().lower() if asks else ""

    @property
    def keeps(self) -> bool:
        """Does the client want to send another request on this connection?"""
        return "close" not in [part.strip().lower() for part in self.header("connection").split(",")]


def head_end(data: bytes | bytearray) -> int:
    """The index after the head's blank line; -1 while it is not there yet.

    Raises Malformed as soon as what is there cannot become a head.
    """
    if data[:4] == b"PRI "[: len(data)] and len(data) >= 4:
        raise Malformed(505, "HTTP/2 is not spoken here")
    end = data.find(b"\r\n\r\n")
    if end > HEAD_LIMIT or (end < 0 and len(data) > HEAD_LIMIT):
        raise Malformed(431, f"the request's head is longer than {HEAD_LIMIT} bytes")
    return end + 4 if end >= 0 else -1


def parse_head(raw: bytes) -> Head:
    """The head that ends with a blank line. Raises Malformed."""
    first, *lines = raw[:-4].split(b"\r\n")
    parts = first.split(b" ")
    if len(parts) != 3:
        raise Malformed(400, "the request line is not `METHOD TARGET HTTP/1.1`")
    method, target, version = parts
    if version != b"HTTP/1.1":
        raise Malformed(505, "only HTTP/1.1 is spoken here")
    if not _TOKEN.fullmatch(method):
        raise Malformed(400, "the method is not a token")
    if not _TARGET.fullmatch(target):
        raise Malformed(400, "the request target is not a plain path")
    if len(lines) > HEADERS_LIMIT:
        raise Malformed(431, f"more than {HEADERS_LIMIT} headers")
    headers = tuple(_header(line) for line in lines)
    return Head(method.decode("ascii"), target.decode("ascii"), headers, _length(headers))


def _header(line: bytes) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    if not colon or not _TOKEN.fullmatch(name):
        raise Malformed(400, "a header line is not `Name: value`")
    if not _VALUE.fullmatch(value):
        raise Malformed(400, f"header {name.decode('ascii')} holds a control character")
    return name.decode("ascii").lower(), value.strip(b" \t").decode("latin-1")


def _length(headers: tuple[tuple[str, str], ...]) -> int | None:
    codings = [value for name, value in headers if name == "transfer-encoding"]
    lengths = [value for name, value in headers if name == "content-length"]
    if codings and lengths:
        raise Malformed(400, "both Content-Length and Transfer-Encoding")
    if codings:
        if codings != ["chunked"]:
            raise Malformed(501, "a transfer coding other than `chunked`")
        return None
    if len(lengths) > 1:
        raise Malformed(400, "more than one Content-Length")
    if lengths and not (lengths[0].isascii() and lengths[0].isdigit() and len(lengths[0]) < 19):
        raise Malformed(400, "Content-Length is not a number")
    return int(lengths[0]) if lengths else 0


class Plain:
    """A body of a known length."""

    def __init__(self, length: int) -> None:
        self._left = length

    @property
    def done(self) -> bool:
        return self._left == 0

    def take(self, data: memoryview) -> int:
        """How many of these bytes belong to the body."""
        count = min(self._left, len(data))
        self._left -= count
        return count


class Chunked:
    """A chunked body, held to the letter: no extensions, no trailers, CRLF only.

    `take` says how many bytes of what came belong to the message; those may be passed on as they
    are. `pieces` of the last call are the payload's places in it.
    """

    def __init__(self) -> None:
        self._left = 0  # bytes of the current chunk yet to come
        self._line = bytearray()  # what there is of the current size line, or of a chunk's end
        self._state = "size"
        self.pieces: list[tuple[int, int]] = []

    @property
    def done(self) -> bool:
        return self._state == "done"

    def take(self, data: memoryview) -> int:
        """How many of these bytes belong to the body. Raises Malformed."""
        self.pieces = []
        at, end = 0, len(data)
        while at < end and self._state != "done":
            if self._state == "data":
                count = min(self._left, end - at)
                self.pieces.append((at, at + count))
                at += count
                self._left -= count
                if not self._left:
                    self._state = "end"
            elif not self._line and end - at >= _LINE:
                at += self._quick(bytes(data[at : at + _LINE]))
            else:
                self._line.append(data[at])
                at += 1
                self._advance()
        return at

    def _quick(self, ahead: bytes) -> int:
        """Where all of a line is there at once: what the slow way does byte by byte, several times
        faster for the 32 KB chunks that clients send."""
        count = ahead.find(b"\n") + 1 or _LINE
        self._line += ahead[:count]
        self._advance()
        return count

    def _advance(self) -> None:
        line = self._line
        if self._state == "size":
            if line.endswith(b"\n"):
                if not line.endswith(b"\r\n") or not _SIZE.fullmatch(line[:-2]):
                    raise Malformed(400, "a chunk's size is not a plain hexadecimal number")
                self._left = int(line[:-2], 16)
                self._state = "data" if self._left else "last"
                line.clear()
            elif len(line) > 14:
                raise Malformed(400, "a chunk's size is not a plain hexadecimal number")
        elif len(line) >= 2:
            if line != b"\r\n":
                raise Malformed(400, "a chunk does not end where its size says")
            self._state = "size" if self._state == "end" else "done"
            line.clear()


Body = Plain | Chunked


def body(head: Head) -> Body:
    """The reader of a request's body."""
    return Chunked() if head.length is None else Plain(head.length)
