"""The members of a tar archive, read in one pass over a stream.

The standard library's reader takes about ten times as long a member and wants a file. This one knows
what layers hold: ustar, pax (global and local), GNU long names, old and pax GNU sparse files,
base-256 numbers, `./` and absolute names. POSIX.1-2017 pax §; GNU tar manual, "Basic Tar Format".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ctr_ci.image.stream import Stream
from ctr_ci.problem import InputError, Problem

BLOCK = 512
FILE, HARD_LINK, SYMLINK, DIRECTORY, DEVICE, FIFO = (
    "file",
    "hard link",
    "symlink",
    "directory",
    "device",
    "fifo",
)
KINDS = {
    b"0": FILE,
    b"\0": FILE,
    b"7": FILE,
    b"S": FILE,
    b"1": HARD_LINK,
    b"2": SYMLINK,
    b"3": DEVICE,
    b"4": DEVICE,
    b"5": DIRECTORY,
    b"6": FIFO,
}
LONGEST_EXTENSION = 16 << 20  # a pax header or long name beyond this is an attack, not a name


# A hundred thousand members an image: a NamedTuple is made in a fifth of a frozen dataclass's time.
class Member(NamedTuple):
    """One member. `name` has no leading `./` or `/` and no trailing `/`. `size`: bytes of the file
    as it is unpacked; `stored`: bytes of payload in the archive, which differ for sparse files."""

    name: str
    kind: str
    size: int
    stored: int
    mode: int
    uid: int
    gid: int
    link: str
    extended: tuple[tuple[str, bytes], ...]  # extended attributes, as SCHILY.xattr keys


def members(stream: Stream) -> Iterator[Member]:
    """Each member in order. Its payload may be read from `stream` before the next one is asked for;
    what is left of it is skipped. Ends at the first zero block or the end of the bytes; raises
    InputError where they are no tar, Truncated where they are cut."""
    common: dict[str, bytes] = {}
    pax: dict[str, bytes] = {}
    long_name = long_link = None
    first = True
    while True:
        if not stream.peek(1):
            return
        header = stream.take(BLOCK)
        if not header[0] and not header.strip(b"\0"):
            return
        if first or header[257:262] != b"ustar":
            _check(header, stream.offset - BLOCK)
            first = False
        flag = header[156:157]
        payload = _number(header[124:136])
        if flag in b"xgLKXV":
            if payload > LONGEST_EXTENSION:
                raise _broken(f"a header of {payload:,} bytes", stream.offset)
            body = stream.take(payload)
            stream.skip(-payload % BLOCK)
            if flag == b"L":
                long_name = body.rstrip(b"\0")
            elif flag == b"K":
                long_link = body.rstrip(b"\0")
            elif flag == b"g":
                common |= _records(body, stream.offset)
            elif flag != b"V":
                pax = _records(body, stream.offset)
            continue
        records = common | pax if common or pax else pax
        size = _sparse_size(header, stream) if flag == b"S" else payload
        name = long_name or _name(header)
        link = long_link or header[157:257].split(b"\0", 1)[0]
        mode, uid, gid = _number(header[100:108]), _number(header[108:116]), _number(header[116:124])
        extended: tuple[tuple[str, bytes], ...] = ()
        if records:
            name = records.get("GNU.sparse.name", records.get("path", name))
            link = records.get("linkpath", link)
            if "size" in records:
                payload = size = _decimal(records["size"], stream.offset)
            sparse = records.get("GNU.sparse.realsize", records.get("GNU.sparse.size"))
            if sparse is not None:
                size = _decimal(sparse, stream.offset)
            uid = _decimal(records["uid"], stream.offset) if "uid" in records else uid
            gid = _decimal(records["gid"], stream.offset) if "gid" in records else gid
            extended = tuple(sorted((k[13:], v) for k, v in records.items() if k.startswith("SCHILY.xattr.")))
        kind = KINDS.get(flag, FILE)
        text = name.decode("utf-8", "surrogateescape")
        if kind == FILE and text.endswith("/"):
            kind = DIRECTORY  # old archives (V7) know no other way
        if kind not in (FILE, DIRECTORY) and flag != b"1":
            payload = size = 0
        if kind in (DIRECTORY, HARD_LINK):
            size = 0
        yield_at = stream.offset
        yield Member(
            clean(text),
            kind,
            size,
            payload,
            mode & 0o7777,
            uid,
            gid,
            link.decode("utf-8", "surrogateescape") if link else "",
            extended,
        )
        stream.skip(yield_at + payload + (-payload % BLOCK) - stream.offset)
        pax, long_name, long_link = {}, None, None


def clean(name: str) -> str:
    """A member's name as a path from the root, without `./`, `/` at either end, `//` or `/./`."""
    if name.startswith(("./", "/")) or name.endswith("/") or "//" in name or "/./" in name or name == ".":
        return "/".join(part for part in name.split("/") if part not in ("", "."))
    return name


def _name(header: bytes) -> bytes:
    name = header[:100].split(b"\0", 1)[0]
    # Old GNU headers (magic "ustar  ") keep times and sparse maps where ustar has the prefix.
    if header[345] and header[257:263] == b"ustar\0":
        return header[345:500].split(b"\0", 1)[0] + b"/" + name
    return name


def _number(field: bytes) -> int:
    if field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    try:
        return int(field.split(b"\0", 1)[0].strip() or b"0", 8)
    except ValueError:
        raise _broken(f"a number {field!r} that is not octal", -1) from None


def _decimal(value: bytes, offset: int) -> int:
    if value.isdigit() and len(value) < 20:  # more than 64 bits are nobody's size
        return int(value)
    raise _broken(f"a number {value[:40]!r} that is not decimal", offset)


def _records(body: bytes, offset: int) -> dict[str, bytes]:
    """The records `LENGTH KEY=VALUE\\n` of a pax header."""
    found: dict[str, bytes] = {}
    at = 0
    while at < len(body):
        space = body.find(b" ", at, at + 20)
        length = body[at:space] if space > at else b""
        if not length.isdigit() or not int(length):
            if not body[at:].strip(b"\0"):
                break
            raise _broken("a pax record without a length", offset)
        key, _, value = body[space + 1 : at + int(length) - 1].partition(b"=")
        found[key.decode("utf-8", "surrogateescape")] = value
        at += int(length)
    return found


def _sparse_size(header: bytes, stream: Stream) -> int:
    """The unpacked size of an old GNU sparse file; takes its extension blocks from the stream."""
    extended = header[482]
    while extended:
        extended = stream.take(BLOCK)[504]
    return _number(header[483:495])


def _check(header: bytes, offset: int) -> None:
    try:
        told = int(header[148:156].replace(b"\0", b" ").strip() or b"0", 8)
    except ValueError:
        told = -1
    blanked = sum(header) - sum(header[148:156]) + 8 * 32
    if told != blanked:
        raise _broken("a block that is no tar header", offset)


def _broken(what: str, offset: int) -> InputError:
    where = f" at byte {offset:,}" if offset >= 0 else ""
    return InputError(
        Problem(f"not a readable tar archive: {what}{where}", expected="a tar archive", help="make it again")
    )
