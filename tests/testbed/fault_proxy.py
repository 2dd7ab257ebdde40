"""A proxy before a real registry that breaks what it is told to break.

Reads each request's head, asks `decide` what to do with it, and either passes it on whole or makes
the trouble. Notes all it saw. Plain HTTP/1.1 on loopback; the registry must answer with relative
URLs, so that the talk stays here.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Seen:
    """One request; `number` counts from 0."""

    number: int
    method: str
    path: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """Answers itself, after reading the body; `early`: before it, and hangs up."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    early: bool = False


@dataclass(frozen=True, slots=True)
class Reset:
    """Resets the connection. `where`: "head" (nothing was passed on), "body" (half of it was) or
    "answer" (the registry did its work, and nobody hears of it)."""

    where: str


@dataclass(frozen=True, slots=True)
class Truncate:
    """Passes on half of the answer and hangs up."""


@dataclass(frozen=True, slots=True)
class Delay:
    seconds: float


Fault = Answer | Reset | Truncate | Delay


@dataclass(slots=True)
class FaultProxy:
    upstream: str
    decide: Callable[[Seen], Fault | None] = lambda _: None
    seen: list[Seen] = field(default_factory=list)
    sent_bytes: int = 0
    tls: ssl.SSLContext | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _server: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.getsockname()[1]}"

    def start(self) -> FaultProxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        if self.tls:
            try:
                client = self.tls.wrap_socket(client, server_side=True)
            except OSError:
                client.close()
                return
        with client, contextlib.suppress(OSError):
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            held = b""
            while True:
                while b"\r\n\r\n" not in held:
                    piece = client.recv(PIECE)
                    if not piece:
                        return
                    held += piece
                head, _, held = held.partition(b"\r\n\r\n")
                again, held = self._one(client, head, held)
                if not again:
                    return

    def _one(self, client: socket.socket, head: bytes, held: bytes) -> tuple[bool, bytes]:
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ", 2)
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
        with self._lock:
            seen = Seen(len(self.seen), method, path, headers)
            self.seen.append(seen)
        fault = self.decide(seen)
        if isinstance(fault, Reset) and fault.where == "head":
            return _reset(client), b""
        if isinstance(fault, Answer) and fault.early:
            client.sendall(_answer(fault, close=True))
            return False, b""
        if isinstance(fault, Delay):
            time.sleep(fault.seconds)
        size = int(headers.get("content-length", "0"))
        if isinstance(fault, Answer):
            for _ in _body(client, held, size):
                pass
            client.sendall(_answer(fault, close=False))
            return True, b""
        wanted = size // 2 if isinstance(fault, Reset) and fault.where == "body" else size
        host, _, port = self.upstream.partition(":")
        with socket.create_connection((host, int(port)), timeout=30) as server:
            kept = [line for line in lines if not line.lower().startswith("connection:")]
            server.sendall("\r\n".join([*kept, "Connection: close"]).encode("latin-1") + b"\r\n\r\n")
            for piece in _body(client, held, wanted):
                server.sendall(piece)
                self.sent_bytes += len(piece)
            if isinstance(fault, Reset) and fault.where == "body":
                return _reset(client), b""
            answer = b""
            while piece := server.recv(PIECE):
                answer += piece
        if isinstance(fault, Reset):
            return _reset(client), b""
        if isinstance(fault, Truncate):
            client.sendall(answer[: len(answer) // 2])
            return False, b""
        client.sendall(answer.replace(b"Connection: close\r\n", b"", 1))
        return True, b""


def _body(client: socket.socket, held: bytes, size: int) -> Iterator[bytes]:
    left = size
    piece = held
    while left:
        if piece:
            yield piece[:left]
            left -= min(left, len(piece))
        if left:
            piece = client.recv(PIECE)
            if not piece:
                raise ConnectionError("the client hung up")


def _answer(fault: Answer, close: bool) -> bytes:
    lines = [f"HTTP/1.1 {fault.status} Made Up", f"Content-Length: {len(fault.body)}"]
    lines += [f"{name}: {text}" for name, text in fault.headers]
    if close:
        lines.append("Connection: close")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + fault.body


def _reset(client: socket.socket) -> bool:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    return False
