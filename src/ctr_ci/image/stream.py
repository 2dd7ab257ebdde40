"""Bytes in order, read once: the ground under every reader of an archive.

Holds one chunk at a time, so memory does not grow with the archive. Hands out views of that chunk
instead of copies; a view is good until the next read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ctr_ci.problem import InputError, Problem

Piece = bytes | memoryview


class Truncated(InputError):
    """The bytes ended before what was announced had come."""


def truncated(wanted: int, got: int, offset: int) -> Truncated:
    return Truncated(
        Problem(
            f"the archive ends after {offset:,} bytes, in the middle of something",
            expected=f"{wanted - got:,} more bytes",
            help="it was cut off while being written or sent: make it again",
        )
    )


class Stream:
    """What `chunks` yields, as one run of bytes. `offset` counts the bytes taken so far."""

    __slots__ = ("_at", "_chunk", "_chunks", "offset")

    def __init__(self, chunks: Iterable[Piece]) -> None:
        self._chunks = iter(chunks)
        self._chunk = memoryview(b"")
        self._at = 0
        self.offset = 0

    def _more(self) -> bool:
        """Replaces the used-up chunk by the next that is not empty; False at the end."""
        for chunk in self._chunks:
            if chunk:
                self._chunk, self._at = memoryview(chunk), 0
                return True
        self._chunk, self._at = memoryview(b""), 0
        return False

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes. Raises Truncated where fewer are left."""
        end = self._at + size
        if end <= len(self._chunk):
            taken = bytes(self._chunk[self._at : end])
            self._at = end
            self.offset += size
            return taken
        return b"".join(map(bytes, self.pieces(size)))

    def pieces(self, size: int) -> Iterator[memoryview]:
        """Exactly `size` bytes as views; each is good until the next is asked for."""
        left = size
        while left:
            have = len(self._chunk) - self._at
            if not have:
                if not self._more():
                    raise truncated(left, 0, self.offset)
                continue
            step = min(have, left)
            piece = self._chunk[self._at : self._at + step]
            self._at += step
            self.offset += step
            left -= step
            yield piece

    def skip(self, size: int) -> None:
        for _ in self.pieces(size):
            pass

    def peek(self, size: int) -> bytes:
        """Up to `size` bytes without taking them; fewer only at the end."""
        while len(self._chunk) - self._at < size:
            held = bytes(self._chunk[self._at :])
            if not self._more():
                self._chunk, self._at = memoryview(held), 0
                break
            if held:
                self._chunk, self._at = memoryview(held + self._chunk), 0
        return bytes(self._chunk[self._at : self._at + size])

    def rest(self) -> Iterator[memoryview]:
        """All that is left, as views."""
        while self._at < len(self._chunk) or self._more():
            piece = self._chunk[self._at :]
            self._at = len(self._chunk)
            self.offset += len(piece)
            yield piece
