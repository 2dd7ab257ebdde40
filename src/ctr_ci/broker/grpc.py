"""BuildKit's gRPC connection, filtered: the calls that `buildkit` allows pass, others are answered here
with PERMISSION_DENIED, and the connection lives on.

Frames from the step are read one by one and its headers written anew, so the engine sees no header that
was not judged. A Solve call is held until all of it is there; others may overtake it, and streams must
begin in the order of their numbers, so the engine knows them by numbers of ours. Of what the engine
sends, only the answer of a Solve call is read on its way.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from urllib.parse import quote

from ctr_ci.broker import buildkit, hpack
from ctr_ci.broker.frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PING,
    PREFACE,
    PUSH,
    RESET,
    SETTINGS,
    WINDOW,
    Cutter,
    Frame,
)
from ctr_ci.broker.http import Malformed
from ctr_ci.broker.verdict import Denial, Owned
from ctr_ci.source import visible

# The engine grants a stream 64 KB before it has read anything, and it reads nothing while we hold.
_HELD = 60 * 1024
_ANSWER = 4 << 20
_ALL = 0x7FFFFFFF  # a GOAWAY's last stream, where none is left out yet
_PASSING = (DATA, RESET, SETTINGS, PING, GOAWAY, WINDOW)
Built = Callable[[tuple[str, ...], tuple[str, ...]], None]
Denied = Callable[[str, str], None]


class Filter:
    """One connection. `built` is told what a build that ended says its image's ID is (several words for
    it) and the names it was to get, before the step hears of it; `denied` which call was refused, and
    why."""

    def __init__(
        self, client: socket.socket, engine: socket.socket, owned: Owned, built: Built, denied: Denied
    ) -> None:
        self._client = client
        self._engine = engine
        self._owned = owned
        self._built = built
        self._denied = denied
        self._answering = threading.Lock()  # frames to the client, whole header blocks at a time
        self._reader = hpack.Reader()
        self._block: tuple[Frame, bytearray] | None = None  # a header block not yet complete
        self._held: dict[int, list[Frame]] = {}  # a Solve's frames until it is judged
        self._refused: set[int] = set()
        self._last = 0  # the highest stream that the step has begun
        self._numbers: dict[int, int] = {}  # a stream of the step's by its number at the engine
        self._streams: dict[int, int] = {}  # the other way round
        self._solving: dict[int, tuple[tuple[str, ...], bytearray]] = {}

    def run(self, early: bytes, answered: bytes) -> None:
        """Until either side closes. `early` is what the client has sent already, `answered` what the
        engine has."""

        def upwards() -> None:
            with suppress(OSError, Malformed):
                self._upwards(early)
            for end in (self._engine, self._client):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

        thread = threading.Thread(target=upwards, name="broker-grpc", daemon=True)
        thread.start()
        with suppress(OSError, Malformed):
            self._downwards(answered)
        for end in (self._client, self._engine):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        thread.join()

    # From the step

    def _upwards(self, early: bytes) -> None:
        begun = early
        while len(begun) < len(PREFACE):
            more = self._client.recv(65536)
            if not more:
                return
            begun += more
        if not begun.startswith(PREFACE):
            raise Malformed(400, "no HTTP/2 preface")
        self._engine.sendall(PREFACE)
        cutter, data = Cutter(), begun[len(PREFACE) :]
        while True:
            for frame in cutter.cut(data):
                self._from_step(frame)
            data = self._client.recv(1 << 20)
            if not data:
                return

    def _from_step(self, frame: Frame) -> None:
        if self._block is not None or frame.kind in (HEADERS, CONTINUATION):
            self._collect(frame)
        elif frame.kind == PUSH:
            raise Malformed(400, "a step pushes nothing")
        elif frame.stream in self._refused:
            if frame.kind == DATA and frame.payload:  # nobody else gives the connection this room back
                self._to_step(Frame(WINDOW, 0, 0, len(frame.payload).to_bytes(4)))
        elif frame.stream in self._held:
            self._hold(frame)
        elif frame.kind in _PASSING:
            self._to_engine(frame)

    def _to_engine(self, *frames: Frame) -> None:
        for frame in frames:
            if frame.kind == HEADERS:
                number = 2 * len(self._numbers) + 1
                self._numbers[frame.stream] = number
                self._streams[number] = frame.stream
        self._engine.sendall(
            b"".join(
                replace(frame, stream=self._numbers[frame.stream] if frame.stream else 0).raw()
                for frame in frames
                if not frame.stream or frame.stream in self._numbers
            )
        )

    def _to_step(self, *frames: Frame) -> None:
        with self._answering:
            self._client.sendall(b"".join(frame.raw() for frame in frames))

    def _collect(self, frame: Frame) -> None:
        """Gathers a header block; nothing may stand between its frames."""
        if self._block is None:
            if frame.kind != HEADERS or not frame.stream % 2:
                raise Malformed(400, "an HTTP/2 header block without a beginning")
            if frame.stream <= self._last:
                raise Malformed(400, "an HTTP/2 stream begins out of its order")
            self._last = frame.stream
            self._block = (frame, bytearray(frame.content))
        else:
            if frame.kind != CONTINUATION or frame.stream != self._block[0].stream:
                raise Malformed(400, "an HTTP/2 header block that is interrupted")
            self._block[1].extend(frame.payload)
        if len(self._block[1]) > hpack.LIST_LIMIT:
            raise Malformed(431, "HTTP/2 headers are too long")
        if frame.flags & END_HEADERS:
            first, block = self._block
            self._block = None
            self._begin(first, self._reader.read(bytes(block)))

    def _begin(self, frame: Frame, headers: hpack.Headers) -> None:
        paths = [value for name, value in headers if name == ":path"]
        methods = [value for name, value in headers if name == ":method"]
        written = Frame(HEADERS, END_HEADERS | frame.flags & END_STREAM, frame.stream, hpack.write(headers))
        if len(written.payload) > 16 * 1024 or methods != ["POST"] or len(paths) != 1:
            raise Malformed(400, "not a gRPC call")
        if paths[0].startswith(buildkit.ABSENT):
            self._answer(frame.stream, "12", "not to be had here")  # UNIMPLEMENTED
        elif paths[0] not in buildkit.METHODS:
            denial = Denial("grpc", f"{paths[0]} is closed to steps", "build without it")
            self._refuse(frame.stream, paths[0], denial)
        elif paths[0] == buildkit.SOLVE and not frame.ends:
            self._held[frame.stream] = [written]
        else:
            self._to_engine(written)

    def _hold(self, frame: Frame) -> None:
        held = self._held[frame.stream]
        if frame.kind == RESET:
            del self._held[frame.stream]
            self._refused.add(frame.stream)
            return
        held.append(frame)
        size = sum(len(each.payload) for each in held)
        try:
            if size > _HELD:
                raise Denial("grpc", "a build call is longer than 60 KB", "pass files in the context")
            if not frame.ends:
                return
            message = _message(b"".join(each.content for each in held if each.kind == DATA))
            asked = buildkit.solve(message)
            buildkit.check(asked, self._owned)
        except Denial as denial:
            del self._held[frame.stream]
            self._refuse(frame.stream, buildkit.SOLVE, denial)
            return
        del self._held[frame.stream]
        self._solving[frame.stream] = (asked.names, bytearray())
        self._to_engine(*held)

    def _refuse(self, stream: int, call: str, denial: Denial) -> None:
        message = f"ctr-ci refuses this (rule {denial.rule}): {denial.why}. Instead: {denial.way_out}."
        message = visible(message)
        self._denied(visible(call), message)
        self._answer(stream, "7", message)  # PERMISSION_DENIED

    def _answer(self, stream: int, status: str, message: str) -> None:
        """Ends a call here; what the step still sends of it is dropped."""
        self._refused.add(stream)
        headers = (
            (":status", "200"),
            ("content-type", "application/grpc"),
            ("grpc-status", status),
            ("grpc-message", quote(message, safe=" !#$&'()*+,/:;=?@[]~`")),
        )
        self._to_step(Frame(HEADERS, END_HEADERS | END_STREAM, stream, hpack.write(headers)))

    # From the engine

    def _downwards(self, data: bytes) -> None:
        cutter = Cutter()
        block: list[Frame] = []
        while data or (data := self._engine.recv(1 << 20)):
            for frame in cutter.cut(data):
                block.append(self._renumbered(frame))
                opens = frame.kind in (HEADERS, CONTINUATION)
                if opens and not frame.flags & END_HEADERS:
                    continue
                self._look(block)
                self._to_step(*block)
                block = []
            data = b""

    def _renumbered(self, frame: Frame) -> Frame:
        """A frame of the engine's with the step's number of its stream. Raises Malformed."""
        if frame.kind == GOAWAY:
            last = int.from_bytes(frame.payload[:4])
            begun = (stream for number, stream in tuple(self._streams.items()) if number <= last)
            if last < _ALL:
                frame = replace(frame, payload=max(begun, default=0).to_bytes(4) + frame.payload[4:])
        if not frame.stream:
            return frame
        if frame.kind == PUSH or frame.stream not in self._streams:
            raise Malformed(502, "an HTTP/2 stream that nobody asked for")
        return replace(frame, stream=self._streams[frame.stream])

    def _look(self, block: list[Frame]) -> None:
        """Reads the answer of a Solve call, and tells of it before its end is passed on."""
        first = block[0]
        solving = self._solving.get(first.stream)
        if solving is None:
            return
        names, answer = solving
        if first.kind == DATA and len(answer) < _ANSWER:
            answer += first.content
        if first.ends or first.kind == RESET:
            del self._solving[first.stream]
            with suppress(Malformed):
                self._built(buildkit.built(_message(bytes(answer))), names)


def _message(data: bytes) -> bytes:
    """The one message of a call: a byte that says "not compressed", four of length, the message."""
    if len(data) < 5 or data[0] != 0 or int.from_bytes(data[1:5]) != len(data) - 5:
        raise Malformed(400, "not one plain gRPC message")
    return data[5:]
