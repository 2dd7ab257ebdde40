"""A step's output on its way out: masked, and cut at line ends. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ctr_ci.secret import Mask, Secret

LONGEST = 1 << 20  # bytes; a longer line is cut there, so that memory stays bounded


class Lines:
    """Turns the pieces of one stream into whole lines, with secrets hidden.

    A line is held until its end has come, as Cloud Build does: two parallel steps never mix
    within a line.
    """

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._mask = Mask(secrets)
        self._open = b""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        yield from self._cut(self._mask.feed(piece))

    def close(self) -> Iterator[bytes]:
        """What is left, with or without a line end."""
        yield from self._cut(self._mask.close())
        if self._open:
            yield self._open
            self._open = b""

    def _cut(self, data: bytes) -> Iterator[bytes]:
        at = data.rfind(b"\n") + 1
        if at:
            yield self._open + data[:at]
            self._open = data[at:]
        else:
            self._open += data
        while len(self._open) >= LONGEST:
            yield self._open[:LONGEST] + b"\n"
            self._open = self._open[LONGEST:]
