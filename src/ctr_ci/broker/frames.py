"""HTTP/2 frames (RFC 9113), cut out of a stream of bytes and put together again. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ctr_ci.broker.http import Malformed

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RESET, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, END_HEADERS, PADDED, HAS_PRIORITY = 0x1, 0x4, 0x8, 0x20
LONGEST = 1 << 20  # of one frame; nobody here raises the usual 16 KB


@dataclass(frozen=True, slots=True)
class Frame:
    kind: int
    flags: int
    stream: int
    payload: bytes

    @property
    def ends(self) -> bool:
        return self.kind in (DATA, HEADERS) and bool(self.flags & END_STREAM)

    @property
    def content(self) -> bytes:
        """The payload of a DATA or HEADERS frame without padding and priority. Raises Malformed."""
        payload, padding = self.payload, 0
        if self.flags & PADDED:
            if not payload:
                raise Malformed(400, "an HTTP/2 frame without its padding's length")
            padding, payload = payload[0], payload[1:]
        if self.kind == HEADERS and self.flags & HAS_PRIORITY:
            payload = payload[5:]
        if padding > len(payload):
            raise Malformed(400, "an HTTP/2 frame with more padding than content")
        return payload[: len(payload) - padding]

    def raw(self) -> bytes:
        return (
            len(self.payload).to_bytes(3)
            + bytes((self.kind, self.flags))
            + self.stream.to_bytes(4)
            + self.payload
        )


class Cutter:
    """Cuts frames out of bytes as they come."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def cut(self, data: bytes | memoryview) -> list[Frame]:
        """The frames that are whole by now. Raises Malformed."""
        waiting = self._waiting
        waiting += data
        found: list[Frame] = []
        at = 0
        while len(waiting) - at >= 9:
            length = int.from_bytes(waiting[at : at + 3])
            if length > LONGEST:
                raise Malformed(400, "an HTTP/2 frame is too long")
            if len(waiting) - at < 9 + length:
                break
            stream = int.from_bytes(waiting[at + 5 : at + 9]) & 0x7FFFFFFF
            payload = bytes(waiting[at + 9 : at + 9 + length])
            found.append(Frame(waiting[at + 3], waiting[at + 4], stream, payload))
            at += 9 + length
        del waiting[:at]
        return found
