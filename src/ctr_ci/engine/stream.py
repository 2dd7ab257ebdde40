"""The engine's multiplexed output: frames of eight bytes head (stream, length) and a body.

Engine API, "Attach to a container", stream format. Reads large pieces, so that a chatty container
costs few system calls, and never holds more than one piece and one unfinished frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ctr_ci.engine.api import Output
from ctr_ci.problem import Problem, WorldError

PIECE = 256 * 1024
NAMES = {1: "stdout", 2: "stderr"}


class Frames:
    """An `Attached` over any `receive(size) -> bytes` (b"" at the end)."""

    def __init__(self, receive: Callable[[int], bytes], close: Callable[[], None]) -> None:
        self._receive = receive
        self._close = close

    def __iter__(self) -> Iterator[Output]:
        held = b""
        while True:
            try:
                piece = self._receive(PIECE)
            except OSError as error:
                raise lost(str(error)) from error
            if not piece:
                if held:
                    raise lost("its last message is cut")
                return
            held += piece
            at, kind = 0, 0
            bodies: list[bytes] = []
            while len(held) - at >= 8:
                end = at + 8 + int.from_bytes(held[at + 4 : at + 8], "big")
                if end > len(held):
                    break
                if bodies and held[at] != kind:
                    yield Output(NAMES.get(kind, "stdout"), b"".join(bodies))
                    bodies = []
                kind = held[at]
                bodies.append(held[at + 8 : end])
                at = end
            if bodies:
                yield Output(NAMES.get(kind, "stdout"), b"".join(bodies))
            held = held[at:]

    def close(self) -> None:
        self._close()


def lost(why: str) -> WorldError:
    return WorldError(
        Problem(
            f"the engine broke off a container's output: {why}",
            expected="the output up to the container's end",
            help="is the engine still running? `docker info` tells",
        )
    )
