"""An engine that fails while it exports an image."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ctr_ci.engine import connect
from ctr_ci.problem import WorldError

PING = b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK"


@contextmanager
def engine(folder: Path, answer: bytes) -> Iterator[str]:
    """The URL of an engine that gives `answer` to whoever wants an image, and hangs up."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while line := self.rfile.readline():
                while self.rfile.readline() not in (b"\r\n", b""):
                    pass
                if b"/get" in line:
                    self.wfile.write(answer)
                    return
                self.wfile.write(PING)

    path = str(folder / "engine.sock")

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True
        block_on_close = False

    with Server(path, Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"unix://{path}"
        server.shutdown()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n100\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabcde",
        b"",
    ],
)
def test_an_export_that_is_cut_off_is_an_error(tmp_path: Path, answer: bytes) -> None:
    with engine(tmp_path, answer) as url:
        made = connect(url, {})
        with pytest.raises(WorldError, match="broke off the export"):
            b"".join(made.export("sha256:1"))
        made.close()


def test_a_whole_export_comes_as_it_is_and_a_refusal_is_told(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n3\r\nfgh\r\n0\r\n\r\n"
    with engine(tmp_path / "good", whole) as url:
        made = connect(url, {})
        assert b"".join(made.export("sha256:1")) == b"abcdefgh"
        made.close()
    refusal = b'{"message":"No such image: sha256:1"}'
    with engine(tmp_path, b"HTTP/1.1 404 No\r\nContent-Length: %d\r\n\r\n" % len(refusal) + refusal) as url:
        made = connect(url, {})
        with pytest.raises(WorldError, match="No such image: sha256:1"):
            b"".join(made.export("sha256:1"))
        made.close()
