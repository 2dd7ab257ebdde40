"""Bytes between two sockets: reading what a step sends, passing streams at full speed."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from ctr_ci.broker.http import Body, Chunked, Head, Malformed, Plain, head_end, parse_head

PIECE = 1024 * 1024
HEAD_S = 20.0  # from a head's first byte to its last
BODY_S = 60.0  # a JSON body
_DRAIN_S = 20.0


class Gone(Exception):
    """The other side has closed."""


class Inbox:
    """What comes from a step, read ahead at most one piece."""

    def __init__(self, client: socket.socket) -> None:
        self.client = client
        self.waiting = b""

    def head(self) -> Head | None:
        """The next request's head; None where the client is done. Raises Malformed, Gone."""
        deadline: float | None = monotonic() + HEAD_S if self.waiting else None
        while True:
            end = head_end(self.waiting)
            if end >= 0:
                raw, self.waiting = self.waiting[:end], self.waiting[end:]
                return parse_head(raw)
            more = self._receive(deadline)
            if not more:
                if self.waiting:
                    raise Gone
                return None
            # One empty line before a request is old custom; more than that is not.
            self.waiting = (
                (self.waiting + more).removeprefix(b"\r\n") if not self.waiting else self.waiting + more
            )
            deadline = deadline or monotonic() + HEAD_S

    def whole(self, body: Body, limit: int) -> bytes:
        """A short body, all of it. Raises Malformed where it is longer than `limit` or too slow."""
        deadline = monotonic() + BODY_S
        found = bytearray()
        while not body.done:
            if not self.waiting:
                self.waiting = self._receive(deadline)
                if not self.waiting:
                    raise Gone
            view = memoryview(self.waiting)
            count = body.take(view)
            if isinstance(body, Chunked):
                for start, end in body.pieces:
                    found += view[start:end]
            else:
                found += view[:count]
            self.waiting = self.waiting[count:]
            if len(found) > limit:
                raise Malformed(413, f"the body is longer than {limit} bytes")
        return bytes(found)

    def pass_on(self, body: Body, send: Callable[[memoryview], None]) -> None:
        """A body of any length to `send`, as it comes. Raises Malformed, Gone, OSError."""
        if self.waiting and not body.done:
            view = memoryview(self.waiting)
            count = body.take(view)
            send(view[:count])
            self.waiting = self.waiting[count:]
        if body.done:
            return
        room = memoryview(bytearray(PIECE))
        while not body.done:
            received = self.client.recv_into(room)
            if not received:
                raise Gone
            count = body.take(room[:received])
            if count:
                send(room[:count])
            if count < received:
                self.waiting = bytes(room[count:received])

    def drain(self, body: Body) -> bool:
        """Reads the rest of a body that nobody wants, so that the client can read its answer."""
        deadline = monotonic() + _DRAIN_S
        self.client.settimeout(_DRAIN_S)
        try:

            def drop(_: memoryview) -> None:
                if monotonic() > deadline:
                    raise Gone

            self.pass_on(body, drop)
        except (Malformed, Gone, OSError):
            return False
        self.client.settimeout(None)
        return True

    def _receive(self, deadline: float | None) -> bytes:
        if deadline is None:
            return self.client.recv(PIECE)
        self.client.settimeout(max(deadline - monotonic(), 0.001))
        try:
            return self.client.recv(PIECE)
        except TimeoutError as error:
            raise Malformed(408, "the request came too slowly") from error
        finally:
            self.client.settimeout(None)


class Reply:
    """The engine's answer: its head, then bytes until it closes."""

    def __init__(self, engine: socket.socket) -> None:
        self.engine = engine
        self.early = b""
        self.status = 0
        self.reason = ""
        self.headers: tuple[tuple[str, str], ...] = ()

    def read_head(self) -> None:
        """Raises Gone where the engine closes before it has answered."""
        while True:
            end = self.early.find(b"\r\n\r\n")
            if end < 0:
                more = self.engine.recv(65536)
                if not more:
                    raise Gone
                self.early += more
                continue
            first, *lines = self.early[:end].decode("latin-1").split("\r\n")
            self.early = self.early[end + 4 :]
            words = first.split(" ", 2)
            self.status, self.reason = int(words[1]), words[2] if len(words) > 2 else ""
            pairs = (line.partition(":") for line in lines)
            self.headers = tuple((name.lower(), value.strip()) for name, _, value in pairs)
            if self.status != 100:
                return

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    def bare(self, method: str) -> bool:
        """An answer without a body."""
        return method == "HEAD" or self.status in (204, 304) or self.status < 200

    @property
    def chunked(self) -> bool:
        return self.header("transfer-encoding").lower() == "chunked"

    @property
    def framed(self) -> bool:
        """Does the body itself say where it ends?"""
        return self.chunked or bool(self.header("content-length"))

    def body(self) -> Body | None:
        """The reader of a framed body; None: until the engine closes."""
        if self.chunked:
            return Chunked()
        length = self.header("content-length")
        return Plain(int(length)) if length.isdigit() else None

    def whole(self, limit: int) -> bytes:
        """All of a short body, framing taken off. Raises Gone, also where it is too long."""
        found, reader = bytearray(), self.body()
        data = self.early
        while True:
            if data:
                view = memoryview(data)
                count = reader.take(view) if reader else len(view)
                pieces = reader.pieces if isinstance(reader, Chunked) else [(0, count)]
                for start, end in pieces:
                    found += view[start:end]
            if len(found) > limit:
                raise Gone
            if reader and reader.done:
                return bytes(found)
            data = self.engine.recv(PIECE)
            if not data:
                if reader:
                    raise Gone
                return bytes(found)


def readable(engine: socket.socket, client: socket.socket, *, taken: bool = False) -> bool:
    """Waits until the engine says something: True; or the client has closed: False.

    `taken`: what the client sends is read elsewhere, so that only its going away counts.
    """
    poll = select.poll()
    poll.register(engine, select.POLLIN)
    poll.register(client, 0 if taken else select.POLLIN | select.POLLRDHUP)
    while True:
        for descriptor, happened in poll.poll():
            if descriptor == engine.fileno():
                return True
            if happened & (select.POLLHUP | select.POLLERR | select.POLLNVAL):
                return False
            try:
                if not client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                    return False
            except BlockingIOError:
                continue
            except OSError:
                return False
            # The next request: its turn comes. From now on only a client that is gone is told (POLLHUP).
            poll.modify(client, 0)


def both_ways(client: socket.socket, engine: socket.socket, early: bytes) -> None:
    """Raw bytes in both directions until the engine closes or the client is gone; a client's half-close
    (no more input) is passed on.

    `early` is what the client has sent already.
    """

    def upwards() -> None:
        with suppress(OSError):
            if early:
                engine.sendall(early)
            _copy(client, engine)
        with suppress(OSError):
            engine.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=upwards, name="broker-up", daemon=True)
    thread.start()
    with suppress(OSError):
        room = memoryview(bytearray(PIECE))
        poll = select.poll()
        poll.register(engine, select.POLLIN)
        poll.register(client, 0)  # reports only that both its directions have ended
        while all(descriptor == engine.fileno() for descriptor, _ in poll.poll()):
            received = engine.recv_into(room)
            if not received:
                break
            client.sendall(room[:received])
    for end in (client, engine):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
    thread.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    room = memoryview(bytearray(PIECE))
    while received := source.recv_into(room):
        sink.sendall(room[:received])
