"""The end of a step's output in bounded memory, for whoever tells how the step failed."""

from __future__ import annotations


class Tail:
    """Keeps the last `size` bytes of what it is fed."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held = bytearray()
        self.fed = 0  # bytes in all

    def feed(self, data: bytes) -> None:
        self.fed += len(data)
        self._held += data[-self._size :]
        if len(self._held) > 2 * self._size:  # now and then, so that a byte is moved once
            del self._held[: -self._size]

    @property
    def text(self) -> str:
        return self._kept.decode("utf-8", "replace")

    @property
    def cut(self) -> bool:
        """Whether something is no longer held."""
        return self.fed > self._size

    def lines(self, most: int) -> tuple[str, ...]:
        """The last lines, without their ends."""
        return tuple(line.decode("utf-8", "replace").rstrip() for line in self._kept.splitlines()[-most:])

    @property
    def _kept(self) -> bytes:
        return bytes(self._held[-self._size :])
