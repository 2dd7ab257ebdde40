"""An engine that is absent, dies, or answers half: the broker ends what it must, and hangs nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ctr_ci.broker import Broker, Built, Note, Scope
from ctr_ci.problem import WorldError
from testbed import images
from testbed.broker import bench
from testbed.engine import SecondEngine

Answer = Callable[[socket.socket, bytes], None]
PING = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK"


@contextmanager
def scripted(folder: Path, answer: Answer) -> Iterator[Path]:
    """An engine that answers `_ping` and what it is asked at closing, and leaves the rest to `answer`."""
    path = folder / "engine.sock"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen(50)

    def serve(client: socket.socket) -> None:
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = client.recv(65536)
                if not piece:
                    return
                head += piece
            if b"/_ping" in head:
                client.sendall(PING)
            elif b"filters=" in head:
                body = b'{"Volumes":[]}' if b"/volumes" in head else b"[]"
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            else:
                answer(client, head)

    def accept() -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield path
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def ask(tmp_path: Path, answer: Answer, sent: bytes) -> tuple[bytes, list[Note]]:
    """What a step hears when the engine answers so."""
    notes: list[Note] = []
    scope = Scope("b", "test/0/0", tmp_path)
    with (
        scripted(tmp_path, answer) as engine,
        Broker(str(engine), tmp_path / "s", scope, notes.append) as broker,
    ):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(str(broker.socket(0)))
            client.sendall(sent)
            received = b""
            while piece := client.recv(65536):
                received += piece
        broker.settle(0)
    return received, notes


GET = b"GET /images/json HTTP/1.1\r\nHost: d\r\n\r\n"
BUILD = b"POST /build?t=x HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
ID = b"sha256:" + b"a" * 64


def test_an_engine_that_is_not_there_is_told(tmp_path: Path) -> None:
    scope = Scope("b", "test/0/0", tmp_path)
    with pytest.raises(WorldError) as caught:
        Broker(str(tmp_path / "no.sock"), tmp_path / "s", scope, print)
    assert "did not answer" in caught.value.problems[0].found
    assert caught.value.problems[0].help


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Le"],
    ids=["nothing", "half a line", "half a head"],
)
def test_an_engine_that_hangs_up_is_a_bad_gateway(tmp_path: Path, answer: bytes) -> None:
    received, _ = ask(tmp_path, lambda client, _: client.sendall(answer), GET)
    assert received.startswith(b"HTTP/1.1 502 ")
    assert b"the engine closed the connection" in received


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhello",
    ],
    ids=["length", "between chunks", "inside a chunk"],
)
def test_half_an_answer_never_looks_whole(tmp_path: Path, answer: bytes) -> None:
    received, _ = ask(tmp_path, lambda client, _: client.sendall(answer), GET)
    body = received.partition(b"\r\n\r\n")[2]
    assert b"hello" in body or b"only this" in body
    assert not body.endswith(b"0\r\n\r\n")


def test_a_build_that_broke_off_is_not_noted(tmp_path: Path) -> None:
    def answer(client: socket.socket, head: bytes) -> None:
        if b"/images/" in head:
            client.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 80\r\n\r\n{"Id":"' + ID + b'"}')
            return
        line = b'{"aux":{"ID":"%s"}}\r\n' % ID
        client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.sendall(b"%x\r\n%s\r\n" % (len(line), line))

    _, notes = ask(tmp_path, answer, BUILD)
    assert notes == []


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_a_build_is_noted_however_its_answer_is_cut(tmp_path: Path, size: int) -> None:
    def answer(client: socket.socket, head: bytes) -> None:
        if b"/images/" in head:
            client.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 80\r\n\r\n{"Id":"' + ID + b'"}')
            return
        line = b'{"stream":"Step"}\r\n{"aux":{"ID":"%s"}}\r\n' % ID
        whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        whole += b"%x\r\n%s\r\n0\r\n\r\n" % (len(line), line)
        for at in range(0, len(whole), size):
            client.sendall(whole[at : at + size])

    received, notes = ask(tmp_path, answer, BUILD)
    assert received.endswith(b"0\r\n\r\n")
    assert notes == [Built(0, ID.decode(), ("docker.io/library/x:latest",))]


def test_an_answer_nested_too_deep_is_no_json(tmp_path: Path) -> None:
    deep = b"[" * 200_000

    def answer(client: socket.socket, head: bytes) -> None:
        status = b"404 No" if b"/images/" in head else b"201 Created"
        client.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(deep), deep))

    body = b'{"Image":"x"}'
    sent = b"POST /containers/create HTTP/1.1\r\nHost: d\r\nConnection: close\r\n"
    received, _ = ask(tmp_path, answer, sent + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    assert received.startswith(b"HTTP/1.1 201 ")


def test_a_slow_body_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctr_ci.broker.wire.BODY_S", 0.3)
    sent = b"POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 10\r\n\r\n{"
    received, _ = ask(tmp_path, lambda client, _: None, sent)
    assert received.startswith(b"HTTP/1.1 408 ")


def test_a_slow_head_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctr_ci.broker.wire.HEAD_S", 0.3)
    received, _ = ask(tmp_path, lambda client, _: None, b"GET /_ping HT")
    assert received.startswith(b"HTTP/1.1 408 ")


def test_an_engine_that_answers_early_is_heard_while_the_context_is_sent(tmp_path: Path) -> None:
    """The engine refuses a build before it has read its context."""

    def answer(client: socket.socket, _: bytes) -> None:
        client.sendall(b'HTTP/1.1 500 No\r\nContent-Length: 17\r\n\r\n{"message":"full"}'[:-1] + b"}")

    sent = (
        b"POST /build HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n" + b"8000\r\n" + b"x" * 0x8000
    )
    received, _ = ask(tmp_path, answer, sent + b"\r\n")
    assert received.startswith(b"HTTP/1.1 500 ")


@pytest.mark.parametrize("target", ["/version", "/images/create?fromImage=x", "/networks/cloudbuild"])
def test_an_engine_that_has_gone_is_told_to_the_step(tmp_path: Path, target: str) -> None:
    scope = Scope("b", "test/0/0", tmp_path, network="n")
    with scripted(tmp_path, lambda client, _: None) as engine:
        broker = Broker(str(engine), tmp_path / "s", scope, lambda _: None)
    engine.unlink()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(broker.socket(0)))
        client.sendall(
            f"GET {target} HTTP/1.1\r\nHost: d\r\n\r\n".replace("GET /images", "POST /images").encode()
        )
        assert client.recv(65536).startswith(b"HTTP/1.1 502 ")
    with pytest.raises(WorldError):
        broker.close()


@contextmanager
def dying(engine: SecondEngine) -> Iterator[list[float]]:
    """Kills the engine a second in."""
    killed: list[float] = []

    def kill() -> None:
        time.sleep(1.5)
        engine.kill()
        killed.append(time.monotonic())

    thread = threading.Thread(target=kill)
    thread.start()
    yield killed
    thread.join()


@pytest.mark.parametrize("asked", ["run", "build"])
def test_a_dying_engine_ends_what_steps_are_in_the_middle_of(
    engine_two: SecondEngine, tmp_path: Path, asked: str
) -> None:
    images.ensure_busybox(engine_two.socket)
    scope = Scope("dying", "test/0/0", tmp_path)
    broker = Broker(engine_two.socket, tmp_path / "s", scope, lambda _: None)
    (tmp_path / "Dockerfile").write_text("FROM busybox\nRUN sleep 30\n")
    words = {"run": ["run", "--rm", "busybox", "sleep", "30"], "build": ["build", str(tmp_path)]}[asked]
    with dying(engine_two) as killed:
        from testbed.broker import direct

        done = direct(str(broker.socket(0)), *words)
        ended = time.monotonic()
    assert done.code != 0
    assert ended - killed[0] < 5
    with pytest.raises(WorldError, match="did not answer"):
        broker.close()
    assert not (tmp_path / "s").exists()


def test_a_bench_on_an_engine_of_its_own_leaves_nothing(engine_two: SecondEngine) -> None:
    images.ensure_docker_builder(engine_two.socket)
    images.ensure_busybox(engine_two.socket)
    with bench(engine_two.socket, images.DOCKER_BUILDER) as made:
        # Another mount namespace: paths of the workspace are given as they are, and still work.
        made.write("sub/x", "seen\n")
        done = made.sh("docker run --rm -v /workspace/sub:/m busybox cat /m/x")
        assert done.out == "seen\n", done.err
