"""A layer as it lies in an archive or registry (gzip, zstd or plain) → its plain tar bytes.

The first bytes decide, not the media type: archives lie about it more often than about their bytes.
Bounded memory: input is fed in small slices, so that even a bomb comes out piece by piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from ctr_ci.image.stream import Piece, Stream, Truncated
from ctr_ci.problem import InputError, Problem

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
SLICE = 1 << 16  # bytes fed at once: gzip makes at most a thousand times that of them


class Frame(Protocol):
    """A decompressor of one gzip member or zstd frame."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def is_packed(head: bytes) -> bool:
    """Whether bytes that begin with `head` (four of them) are compressed."""
    return head.startswith(GZIP) or head == ZSTD


def plain(chunks: Iterable[Piece]) -> Iterator[Piece]:
    """The uncompressed bytes. Raises InputError where they are damaged or zstd cannot be read."""
    stream = Stream(chunks)
    head = stream.peek(4)
    if head.startswith(GZIP):
        return _frames(stream, "gzip", *_gzip())
    if head == ZSTD:
        return _frames(stream, "zstd", *_zstd())
    return stream.rest()


def _frames(stream: Stream, form: str, make: Callable[[], Frame], error: type[Exception]) -> Iterator[bytes]:
    """Several frames may follow each other (pigz, estargz, zstd:chunked); zero padding may end them."""
    frame, fresh = make(), True
    for piece in stream.rest():
        for at in range(0, len(piece), SLICE):
            data = bytes(piece[at : at + SLICE])
            while data := (data.lstrip(b"\0") if fresh else data):
                fresh = False
                try:
                    out = frame.decompress(data)
                except error as problem:
                    raise InputError(
                        Problem(f"a {form} layer is damaged near byte {stream.offset:,} ({problem})")
                    ) from problem
                if out:
                    yield out
                data = b""
                if frame.eof:
                    data = frame.unused_data
                    frame, fresh = make(), True
    if not fresh:
        raise Truncated(Problem(f"a {form} layer ends in the middle", expected="the rest of its data"))


def _gzip() -> tuple[Callable[[], Frame], type[Exception]]:
    from isal import isal_zlib

    error: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # the stub calls it an instance
    return lambda: isal_zlib.decompressobj(wbits=31), error


def _zstd() -> tuple[Callable[[], Frame], type[Exception]]:
    """Python's own from 3.14 on; before it the package `zstandard`, where it is installed."""
    from importlib import import_module

    try:
        own = import_module("compression.zstd")
        return own.ZstdDecompressor, own.ZstdError
    except ImportError:
        pass
    try:
        package = import_module("zstandard")
    except ImportError as error:
        raise InputError(
            Problem(
                "this image has zstd layers",
                expected="Python 3.14 or the package `zstandard` to read them",
                help="pip install zstandard",
            )
        ) from error
    return lambda: package.ZstdDecompressor().decompressobj(), package.ZstdError
