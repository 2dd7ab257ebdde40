"""Header blocks of HTTP/2 (RFC 7541): read with a dynamic table, written without one.

What is written never touches the reader's table, so blocks of ours may stand between another
writer's. Pure.
"""

from __future__ import annotations

from ctr_ci.broker.http import Malformed

Headers = tuple[tuple[str, str], ...]
LIST_LIMIT = 64 * 1024
_TABLE_LIMIT = 64 * 1024

# RFC 7541 Appendix A, from index 1.
_STATIC = tuple(
    tuple(line.strip().partition(" ")[::2])
    for line in """\
:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate""".splitlines()
)

# RFC 7541 Appendix B: the code is canonical, so the lengths say all. Ranges are inclusive.
_LENGTHS: dict[int, str] = {
    5: "48-50 97 99 101 105 111 115-116",
    6: "32 37 45-47 51-57 61 65 95 98 100 102-104 108-110 112 114 117",
    7: "58 66-87 89 106-107 113 118-122",
    8: "38 42 44 59 88 90",
    10: "33-34 40-41 63",
    11: "39 43 124",
    12: "35 62",
    13: "0 36 64 91 93 126",
    14: "94 125",
    15: "60 96 123",
    19: "92 195 208",
    20: "128 130-131 162 184 194 224 226",
    21: "153 161 167 172 176-177 179 209 216-217 227 229-230",
    22: "129 132-134 136 146 154 156 160 163-164 169-170 173 178 181 185-187 189-190 196 198 228 232-233",
    23: "1 135 137-141 143 147 149-152 155 157-158 165-166 168 174-175 180 182-183 188 191 197 231 239",
    24: "9 142 144-145 148 159 171 206 215 225 236-237",
    25: "199 207 234-235",
    26: "192-193 200-202 205 210 213 218-219 238 240 242-243 255",
    27: "203-204 211-212 214 221-223 241 244-248 250-254",
    28: "2-8 11-12 14-21 23-31 127 220 249",
    30: "10 13 22 256",
}


def _codes() -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = {}
    code, last = 0, 5
    for length, ranges in _LENGTHS.items():
        for part in ranges.split():
            first, _, end = part.partition("-")
            for symbol in range(int(first), int(end or first) + 1):
                code <<= length - last
                last = length
                found[length, code] = symbol
                code += 1
    return found


class Reader:
    """Reads the blocks of one direction of one connection, in their order."""

    def __init__(self) -> None:
        self._table: list[tuple[str, str]] = []
        self._size = 0
        self._most = 4096
        self._huffman: dict[tuple[int, int], int] | None = None

    def read(self, block: bytes) -> Headers:
        """The headers of a whole block. Raises Malformed."""
        found: list[tuple[str, str]] = []
        at = size = 0
        while at < len(block):
            first = block[at]
            if first & 0x80:
                index, at = _integer(block, at, 7)
                found.append(self._entry(index))
            elif first & 0xE0 == 0x20:
                most, at = _integer(block, at, 5)
                if most > _TABLE_LIMIT or found:
                    raise Malformed(400, "an HTTP/2 table size out of place")
                self._most = most
                self._evict()
                continue
            else:
                index, at = _integer(block, at, 6 if first & 0x40 else 4)
                name = ""
                if index:
                    name = self._entry(index)[0]
                else:
                    name, at = self._text(block, at)
                value, at = self._text(block, at)
                found.append((name, value))
                if first & 0x40:
                    self._add(name, value)
            size += sum(map(len, found[-1])) + 32
            if size > LIST_LIMIT:
                raise Malformed(431, "HTTP/2 headers are too long")
        return tuple(found)

    def _entry(self, index: int) -> tuple[str, str]:
        if 1 <= index <= len(_STATIC):
            name, value = _STATIC[index - 1]
            return name, value
        place = index - len(_STATIC) - 1
        if 0 <= place < len(self._table):
            return self._table[place]
        raise Malformed(400, "an HTTP/2 header index that nothing has")

    def _add(self, name: str, value: str) -> None:
        self._table.insert(0, (name, value))
        self._size += len(name) + len(value) + 32
        self._evict()

    def _evict(self) -> None:
        while self._size > self._most:
            name, value = self._table.pop()
            self._size -= len(name) + len(value) + 32

    def _text(self, block: bytes, at: int) -> tuple[str, int]:
        if at >= len(block):
            raise Malformed(400, "an HTTP/2 header ends too early")
        coded = bool(block[at] & 0x80)
        length, at = _integer(block, at, 7)
        raw = block[at : at + length]
        if len(raw) != length:
            raise Malformed(400, "an HTTP/2 header ends too early")
        return (self._decoded(raw) if coded else raw).decode("latin-1"), at + length

    def _decoded(self, raw: bytes) -> bytes:
        if self._huffman is None:
            self._huffman = _codes()
        found = bytearray()
        code = length = 0
        for byte in raw:
            for shift in range(7, -1, -1):
                code = code << 1 | byte >> shift & 1
                length += 1
                symbol = self._huffman.get((length, code))
                if symbol is not None:
                    if symbol == 256:
                        raise Malformed(400, "an HTTP/2 header holds an end of text")
                    found.append(symbol)
                    code = length = 0
                elif length > 30:
                    raise Malformed(400, "an HTTP/2 header holds no code")
        if length > 7 or code != (1 << length) - 1:
            raise Malformed(400, "an HTTP/2 header is padded wrongly")
        return bytes(found)


def write(headers: Headers) -> bytes:
    """A block of literals that leaves the reader's table as it is."""
    block = bytearray()
    for name, value in headers:
        block.append(0)
        for text in (name, value):
            raw = text.encode("latin-1")
            block += _written(len(raw), 7) + raw
    return bytes(block)


def _integer(block: bytes, at: int, bits: int) -> tuple[int, int]:
    if at >= len(block):
        raise Malformed(400, "an HTTP/2 header ends too early")
    most = (1 << bits) - 1
    number = block[at] & most
    at += 1
    if number < most:
        return number, at
    for shift in range(0, 28, 7):
        if at >= len(block):
            break
        number += (block[at] & 0x7F) << shift
        at += 1
        if not block[at - 1] & 0x80:
            return number, at
    raise Malformed(400, "an HTTP/2 number that does not end")


def _written(number: int, bits: int) -> bytes:
    most = (1 << bits) - 1
    if number < most:
        return bytes((number,))
    found, number = bytearray((most,)), number - most
    while number >= 0x80:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)
