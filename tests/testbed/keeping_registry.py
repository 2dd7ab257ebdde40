"""A registry of our own that keeps what arrived of a broken upload, as the specification allows and
distribution 2.8 does not (distribution-spec "Pushing a blob in chunks"); blobs only.

Wants the credential in `good`, by Basic, when there is one. What an upload must not do it answers
with 416: a chunk that does not begin where the session ends, or is shorter than `least`.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PIECE = 65_536


class KeepingRegistry:
    """`cuts`: how many bytes of a body arrive before its connection is reset, one upload request after
    another (None: all of them). `refuse`: a status to answer instead, by method and number of
    requests before. `seen`: method, Content-Range and length of what was asked about uploads."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.sessions: dict[str, bytearray] = {}
        self.cuts: list[int | None] = []
        self.refuse: Callable[[str, int], int | None] = lambda _method, _number: None
        self.least = 0
        self.good: tuple[str, str] | None = None
        self.seen: list[tuple[str, str, int]] = []
        self.received = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.host = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def methods(self) -> list[str]:
        return [method for method, _, _ in self.seen]


@contextmanager
def keeping_registry() -> Iterator[KeepingRegistry]:
    started = KeepingRegistry()
    try:
        yield started
    finally:
        started.stop()


def _handler(registry: KeepingRegistry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            digest = self.path.rpartition("/")[2]
            self._say(200 if digest in registry.blobs else 404)

        def do_POST(self) -> None:
            if self._welcome():
                name = str(len(registry.sessions))
                registry.sessions[name] = bytearray()
                self._say(202, name)

        def do_GET(self) -> None:
            if self._welcome() and (name := self._session()):
                self._say(204, name)

        def do_DELETE(self) -> None:
            if self._welcome() and (name := self._session()):
                del registry.sessions[name]
                self._say(204)

        def do_PATCH(self) -> None:
            if (name := self._taken()) is not None:
                self._say(202, name)

        def do_PUT(self) -> None:
            if (name := self._taken()) is None:
                return
            digest = parse_qs(urlsplit(self.path).query)["digest"][0]
            content = bytes(registry.sessions.pop(name))
            if f"sha256:{sha256(content).hexdigest()}" != digest:
                self._say(400, body=b'{"errors":[{"code":"DIGEST_INVALID"}]}')
                return
            registry.blobs[digest] = content
            self._say(201)

        def _welcome(self) -> bool:
            size = int(self.headers.get("Content-Length", "0"))
            number = len(registry.seen)
            registry.seen.append((self.command, self.headers.get("Content-Range", ""), size))
            status = registry.refuse(self.command, number)
            if registry.good:
                wanted = b64encode(":".join(registry.good).encode()).decode()
                if self.headers.get("Authorization") != f"Basic {wanted}":
                    status = 401
            if status is None:
                return True
            self.rfile.read(size)
            self._say(status)
            return False

        def _session(self) -> str:
            name = urlsplit(self.path).path.rpartition("/")[2]
            if name in registry.sessions:
                return name
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self._say(404, body=b'{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}')
            return ""

        def _taken(self) -> str | None:
            """The session that the body went into, None where the answer has been given."""
            if not self._welcome() or not (name := self._session()):
                return None
            held = registry.sessions[name]
            size = int(self.headers.get("Content-Length", "0"))
            span = re.fullmatch(r"(\d+)-(\d+)", self.headers.get("Content-Range", ""))
            begins = int(span[1]) if span else 0
            if (size and begins != len(held)) or (self.command == "PATCH" and size < registry.least):
                self.rfile.read(size)
                self._say(416, name)
                return None
            cut = registry.cuts.pop(0) if registry.cuts and size else None
            left = size if cut is None else min(cut, size)
            while left:
                piece = self.rfile.read(min(PIECE, left))
                held += piece
                registry.received += len(piece)
                left -= len(piece)
            if cut is not None:
                self.close_connection = True
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                return None
            return name

        def _say(self, status: int, session: str = "", body: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="r"')
            if session:
                held = registry.sessions[session]
                self.send_header("Location", f"/v2/team/app/blobs/uploads/{session}")
                self.send_header("Range", f"0-{max(len(held) - 1, 0)}")
                if registry.least:
                    self.send_header("OCI-Chunk-Min-Length", str(registry.least))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet: the tests' own output matters."""

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                self.close_connection = True

        def finish(self) -> None:
            try:
                super().finish()
            except (OSError, ValueError):
                self.close_connection = True

    return Handler
