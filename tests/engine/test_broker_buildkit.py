"""BuildKit's gRPC connection from inside a step: what a build needs passes, the rest is refused by name."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from ctr_ci.broker import Denied, hpack
from ctr_ci.broker.frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PREFACE,
    WINDOW,
    Cutter,
    Frame,
)
from testbed.broker import Bench, bench

CONTROL = "/moby.buildkit.v1.Control/"
BRIDGE = "/moby.buildkit.v1.frontend.LLBBridge/"
UPGRADE = b"POST /grpc HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"


@pytest.fixture(scope="module")
def build(engine_socket: str, docker_builder: str, busybox: str) -> Iterator[Bench]:
    assert busybox
    with bench(engine_socket, docker_builder) as made:
        yield made


class Connection:
    """A gRPC client of few words."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self._cutter = Cutter()
        self._reader = hpack.Reader()
        self._waiting: list[Frame] = []
        self.stream = -1
        self.room = 65_535  # bytes of DATA that may be under way

    def call(self, path: str, message: bytes = b"", pieces: int = 1) -> dict[str, str]:
        """The headers and trailers of the answer to one call; {} where the connection ended."""
        return self.finish(self.begin(path), message, pieces)

    def begin(self, path: str) -> int:
        """Sends the head of a call: its stream."""
        self.stream += 2
        headers = (
            (":method", "POST"),
            (":scheme", "http"),
            (":path", path),
            (":authority", "d"),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
        )
        self.send(Frame(HEADERS, END_HEADERS, self.stream, hpack.write(headers)))
        return self.stream

    def finish(self, stream: int, message: bytes = b"", pieces: int = 1) -> dict[str, str]:
        body = b"\0" + len(message).to_bytes(4) + message
        size = len(body) // pieces + 1
        for at in range(0, len(body), size):
            last = END_STREAM if at + size >= len(body) else 0
            self.send(Frame(DATA, last, stream, body[at : at + size]))
        return self.answer(stream)

    def send(self, frame: Frame) -> None:
        if frame.kind == DATA:
            self.room -= len(frame.payload)
        with suppress(BrokenPipeError):  # the answer tells
            self._client.sendall(frame.raw())

    def answer(self, stream: int = 1) -> dict[str, str]:
        found: dict[str, str] = {}
        while True:
            while self._waiting:
                frame = self._waiting.pop(0)
                if frame.kind == WINDOW and not frame.stream:
                    self.room += int.from_bytes(frame.payload)
                if frame.kind == HEADERS:
                    assert frame.flags & END_HEADERS
                    headers = self._reader.read(frame.content)
                    if frame.stream == stream:
                        found |= dict(headers)
                if frame.stream == stream and frame.ends:
                    return found
            try:
                data = self._client.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                return {}
            self._waiting += self._cutter.cut(data)


@contextmanager
def connection(build: Bench) -> Iterator[Connection]:
    with build.connect() as client:
        client.sendall(UPGRADE)
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += client.recv(1)
        assert answer.startswith(b"HTTP/1.1 101")
        client.sendall(PREFACE + Frame(4, 0, 0, b"").raw())
        yield Connection(client)


def field(number: int, value: bytes | str) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    length = len(raw)
    sized = bytes((length,)) if length < 128 else bytes((length & 0x7F | 0x80, length >> 7))
    return bytes((number << 3 | 2,)) + sized + raw


def pair(key: str, value: str) -> bytes:
    return field(1, key) + field(2, value)


@pytest.mark.parametrize("path", [CONTROL + "ListWorkers", "/grpc.health.v1.Health/Check"])
def test_harmless_calls_pass(build: Bench, path: str) -> None:
    with connection(build) as made:
        assert made.call(path)[":status"] == "200"
        assert made.call(path)["grpc-status"] in ("0", "12")  # 12: this engine does not have it


@pytest.mark.parametrize(
    "path",
    [
        CONTROL + "Prune",
        CONTROL + "DiskUsage",
        CONTROL + "UpdateBuildHistory",
        CONTROL + "Session",
        BRIDGE + "NewContainer",
        BRIDGE + "ExecProcess",
        "/containerd.services.content.v1.Content/Delete",
        "/moby.buildkit.v1.Control//Solve",
        "/moby.buildkit.v1.control/prune",
    ],
)
def test_calls_that_reach_all_of_buildkit_are_refused_and_the_connection_lives(
    build: Bench, path: str
) -> None:
    with connection(build) as made:
        told = made.call(path)
        assert told["grpc-status"] == "7"
        assert "rule grpc" in told["grpc-message"]
        note = build.notes[-1]
        assert isinstance(note, Denied)
        assert note.request == f"POST /grpc {path}"
        assert made.call(CONTROL + "ListWorkers")["grpc-status"] == "0"


@pytest.mark.parametrize(
    "path", [CONTROL + "ListenBuildHistory", "/opentelemetry.proto.collector.trace.v1.TraceService/Export"]
)
def test_what_clients_ask_for_unasked_is_absent_and_nothing_to_tell(build: Bench, path: str) -> None:
    build.notes.clear()
    with connection(build) as made:
        assert made.call(path)["grpc-status"] == "12"
        assert made.call(CONTROL + "ListWorkers")["grpc-status"] == "0"
    assert build.notes == []


def test_calls_may_overtake_a_build_that_is_still_being_sent(build: Bench) -> None:
    """Streams of HTTP/2 begin in the order of their numbers; a held one would break it."""
    with connection(build) as made:
        solve = made.begin(CONTROL + "Solve")
        assert made.call(CONTROL + "ListWorkers")["grpc-status"] == "0"
        told = made.finish(solve, field(1, "overtaken") + field(6, "no-such-frontend"))
        assert "no-such-frontend" in told["grpc-message"]
        assert made.call(CONTROL + "ListWorkers")["grpc-status"] == "0"


def test_a_refused_call_takes_no_room_of_the_connection(build: Bench) -> None:
    with connection(build) as made:
        for _ in range(8):  # 65,535 bytes may be under way before the other side gives room for more
            assert made.call(CONTROL + "Prune", b"x" * 15_000)["grpc-status"] == "7"
        made.call(CONTROL + "ListWorkers")
        assert made.room >= 0


@pytest.mark.parametrize("back", [2, 4], ids=["the same again", "an earlier one"])
def test_streams_begin_in_their_order(build: Bench, back: int) -> None:
    with connection(build) as made:
        made.stream += 2
        assert made.call(CONTROL + "ListWorkers")["grpc-status"] == "0"
        made.stream -= back
        assert made.call(CONTROL + "ListWorkers") == {}


@pytest.mark.parametrize("pieces", [1, 5])
@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("entitlements", field(9, "network.host")),
        ("entitlements", field(9, "security.insecure")),
        ("exporter", field(3, "image")),
        ("exporter", field(13, field(1, "image"))),
        ("push", field(3, "moby") + field(4, pair("push", "true"))),
        ("push", field(13, field(1, "docker") + field(2, pair("Push", "1")))),
        ("exporter", field(8, field(4, field(1, "registry")))),
        ("exporter", field(8, field(1, "r.example/cache"))),
        ("cgroup-parent", field(7, pair("cgroup-parent", "/"))),
        ("foreign-session", field(5, "another-builds-session")),
        ("foreign-name", field(3, "moby") + field(4, pair("name", "gcr.io/cloud-builders/docker"))),
        ("grpc", b"".join(field(7, pair(f"build-arg:{i}", "x" * 1000)) for i in range(70))),
    ],
)
def test_a_build_with_more_rights_is_refused(build: Bench, rule: str, message: bytes, pieces: int) -> None:
    with connection(build) as made:
        told = made.call(CONTROL + "Solve", message, pieces)
        assert told["grpc-status"] == "7"
        assert f"rule {rule}" in told["grpc-message"]


def test_a_harmless_solve_reaches_buildkit(build: Bench) -> None:
    message = field(1, "a-reference") + field(6, "no-such-frontend")
    with connection(build) as made:
        told = made.call(CONTROL + "Solve", message)
        assert told["grpc-status"] not in ("0", "7")
        assert "no-such-frontend" in told["grpc-message"]


@pytest.mark.parametrize(
    "sent",
    [
        Frame(HEADERS, 0, 1, b"").raw() + Frame(DATA, 0, 1, b"").raw(),
        Frame(CONTINUATION, END_HEADERS, 1, b"").raw(),
        Frame(5, END_HEADERS, 2, b"").raw(),
        Frame(HEADERS, END_HEADERS, 2, hpack.write(((":method", "POST"), (":path", "/")))).raw(),
        Frame(HEADERS, END_HEADERS, 1, hpack.write(((":method", "GET"), (":path", CONTROL + "Info")))).raw(),
        Frame(HEADERS, END_HEADERS, 1, hpack.write(((":method", "POST"),))).raw(),
        Frame(
            HEADERS, END_HEADERS, 1, hpack.write(((":method", "POST"), (":path", "/a"), (":path", "/b")))
        ).raw(),
        Frame(HEADERS, END_HEADERS, 1, b"\xff\xff\xff\xff\xff\xff").raw(),
        b"\xff\xff\xff\x00\x00\x00\x00\x00\x01",
    ],
    ids=range(9),
)
def test_crooked_frames_end_the_connection(build: Bench, sent: bytes) -> None:
    with connection(build) as made, build.connect() as other:
        made._client.sendall(sent)
        assert made.answer() == {}
        other.sendall(b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n")
        assert other.recv(100).startswith(b"HTTP/1.1 200")


def test_what_is_no_http2_never_reaches_buildkit(build: Bench) -> None:
    received = build.raw(UPGRADE + b"GET /containers/json HTTP/1.1\r\nHost: d\r\n\r\n")
    assert received.count(b"HTTP/1.1") == 1
    assert received.startswith(b"HTTP/1.1 101")


def test_the_upgrade_is_needed(build: Bench) -> None:
    for path in ("/grpc", "/session"):
        assert build.call("POST", path)[0] == 400
