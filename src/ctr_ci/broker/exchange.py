"""One request of a step's: read, judged, passed on or answered, and what it meant noted."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from ctr_ci.broker import body as json_body
from ctr_ci.broker.allow import decide, streams
from ctr_ci.broker.body import Json, dump, field, items
from ctr_ci.broker.call import Call
from ctr_ci.broker.client import dial
from ctr_ci.broker.follow import Follower
from ctr_ci.broker.grpc import Filter
from ctr_ci.broker.http import Head, Malformed, body
from ctr_ci.broker.made import View, shown
from ctr_ci.broker.name import words
from ctr_ci.broker.note import Denied, Held
from ctr_ci.broker.target import parse
from ctr_ci.broker.verdict import Allow, Builds, Loads, Refuse, Verdict
from ctr_ci.broker.wire import PIECE, Gone, Inbox, Reply, both_ways, readable
from ctr_ci.problem import Problem, WorldError

_ANSWER_LIMIT = 256 * 1024 * 1024
_AGENT = re.compile(r"[ -~]{1,200}")
_HOP = frozenset(("connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade"))
_INFO = frozenset(
    words(
        "ID Containers ContainersRunning ContainersPaused ContainersStopped Images Driver MemoryLimit"
        " SwapLimit KernelMemory CpuCfsPeriod CpuCfsQuota CPUShares CPUSet PidsLimit IPv4Forwarding"
        " OomKillDisable LoggingDriver CgroupDriver CgroupVersion KernelVersion OperatingSystem OSVersion"
        " OSType Architecture NCPU MemTotal ServerVersion DefaultRuntime SecurityOptions Isolation Warnings"
        " IndexServerAddress"
    )
)
_LAST = b"0\r\n\r\n"
_SMALL = 16 * 1024


class Exchange:
    """The requests of one connection."""

    def __init__(self, client: socket.socket, engine_path: str, view: View, follower: Follower) -> None:
        self._client = client
        self._inbox = Inbox(client)
        self._engine_path = engine_path
        self._view = view
        self._follower = follower
        self._lock = threading.Lock()
        self._engine: socket.socket | None = None
        self._closed = False

    def close(self) -> None:
        """Ends what is under way, on the engine's side too. From any thread; `run` then returns."""
        with self._lock:
            self._closed = True
            ends = (self._engine, self._client)
        for end in ends:
            with suppress(OSError):
                if end is not None:
                    end.shutdown(socket.SHUT_RDWR)

    def run(self) -> None:
        """Until either side closes. Raises nothing that the network may do."""
        with suppress(Gone, OSError):
            while True:
                try:
                    head = self._inbox.head()
                    if head is None or not self._one(head):
                        return
                except WorldError as error:
                    self._say(502, _message(error.problems[0].found), keeps=False)
                    self._linger()
                    return
                except Malformed as malformed:
                    self._follower.note(Denied(self._view.step, "malformed", malformed.why))
                    self._say(
                        malformed.status, _message(f"ctr-ci refuses this: {malformed.why}"), keeps=False
                    )
                    self._linger()
                    return

    def _one(self, head: Head) -> bool:
        """One request; True where the connection is good for another."""
        target = parse(head.target)
        reader = body(head)
        streamed = streams(head.method, target.path)
        if head.header("expect") and not reader.done:
            self._client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        sent: Json = None
        if not streamed:
            sent = json_body.parse(self._inbox.whole(reader, json_body.LIMIT))
        call = Call(head.method, target, self._view, sent, head.upgrade, head.headers)
        verdict: Verdict = decide(call)
        if isinstance(verdict, Allow):
            return self._forward(verdict, head)
        keeps = head.keeps
        if isinstance(verdict, Refuse):
            if verdict.status == 403:
                request = f"{head.method} {target.path}"
                self._follower.note(Denied(self._view.step, request, verdict.message))
            self._say(verdict.status, _message(verdict.message), keeps)
        else:
            if verdict.held:
                self._follower.note(Held(self._view.step, verdict.held))
            self._say(verdict.status, verdict.body, keeps)
        return (keeps and (reader.done or self._inbox.drain(reader))) or self._linger()

    def _forward(self, allow: Allow, head: Head) -> bool:
        for name in allow.volumes:
            self._follower.make_volume(name, self._view)
        with self._follower.during(allow.effect, self._view) as outcome, self._dial() as engine:
            engine.sendall(self._head(allow, head))
            upload = self._upload(engine, head) if allow.streams else None
            reply = Reply(engine)
            try:
                if not readable(engine, self._client, taken=upload is not None):
                    return False
                reply.read_head()
                return self._back(allow, head, reply, outcome) and (upload is None or upload())
            except Gone:
                self._say(502, _message("the engine closed the connection"), keeps=False)
                return False
            finally:
                with suppress(OSError):
                    engine.shutdown(socket.SHUT_RDWR)
                if upload:
                    upload()

    def _dial(self) -> socket.socket:
        try:
            engine = dial(self._engine_path)
        except OSError as error:
            found = f"the engine at {self._engine_path} cannot be reached: {error.strerror}"
            raise WorldError(Problem(found, help="see whether it still runs: `docker info`")) from error
        with self._lock:
            self._engine = engine
            if not self._closed:
                return engine
        engine.close()
        raise Gone

    def _head(self, allow: Allow, head: Head) -> bytes:
        lines = [f"{allow.method} {allow.target} HTTP/1.1", "Host: docker"]
        agent = head.header("user-agent")
        lines.append(f"User-Agent: {agent if _AGENT.fullmatch(agent) else 'ctr-ci'}")
        lines += [f"{name}: {value}" for name, value in allow.headers]
        if allow.upgrade in ("", "raw"):
            lines.append("Connection: close")
        else:
            lines += ["Connection: Upgrade", f"Upgrade: {allow.upgrade}"]
        if allow.streams:
            lines.append("Content-Type: application/x-tar")
            chunked = head.length is None
            lines.append("Transfer-Encoding: chunked" if chunked else f"Content-Length: {head.length}")
            return "\r\n".join([*lines, "\r\n"]).encode("latin-1")
        sent = b"" if allow.body is None else dump(allow.body)
        if sent:
            lines.append("Content-Type: application/json")
        if sent or allow.method in ("POST", "PUT"):
            lines.append(f"Content-Length: {len(sent)}")
        return "\r\n".join([*lines, "\r\n"]).encode("latin-1") + sent

    def _upload(self, engine: socket.socket, head: Head) -> Callable[[], bool]:
        """Passes the request's body on beside the answer. The result ends it: True where all of the
        body has passed."""
        reader = body(head)
        lost: list[bool] = []

        def run() -> None:
            try:
                self._inbox.pass_on(reader, engine.sendall)
            except (Gone, OSError, Malformed):
                lost.append(True)
                with suppress(OSError):  # half a request must not look like a whole one
                    engine.shutdown(socket.SHUT_RDWR)

        thread = threading.Thread(target=run, name="broker-upload", daemon=True)
        thread.start()

        def finish() -> bool:
            if thread.is_alive() and not reader.done:
                thread.join(0.05)
            if thread.is_alive():
                with suppress(OSError):
                    self._client.shutdown(socket.SHUT_RD)
                thread.join()
            return not lost and reader.done

        return finish

    def _back(self, allow: Allow, head: Head, reply: Reply, outcome: Callable[[int, bytes], None]) -> bool:
        if allow.upgrade and (reply.status == 101 or (reply.status == 200 and not reply.framed)):
            return self._raw(allow, reply, outcome)
        if reply.bare(allow.method):
            outcome(reply.status, b"")
            self._client.sendall(_reply_head(reply, head.keeps, None))
            return head.keeps and not allow.upgrade
        if reply.status >= 400 or allow.shows in ("json", "info", "networks") or _short(allow):
            found = reply.whole(_ANSWER_LIMIT)
            outcome(reply.status, found)
            translated = self._translated(allow, reply.status, found)
            self._client.sendall(_reply_head(reply, head.keeps, len(translated)) + translated)
            return head.keeps
        if allow.shows == "events":
            return self._events(reply)
        return self._stream(reply, head.keeps, outcome, watched=allow.effect is not None) and head.keeps

    def _raw(self, allow: Allow, reply: Reply, outcome: Callable[[int, bytes], None]) -> bool:
        outcome(reply.status, b"")
        lines = [f"HTTP/1.1 {reply.status} {reply.reason}"]
        lines += [f"{name.title()}: {value}" for name, value in reply.headers]
        self._client.sendall("\r\n".join([*lines, "\r\n"]).encode("latin-1"))
        early, self._inbox.waiting = self._inbox.waiting, b""
        if allow.filtered:
            self._filter(reply.engine).run(early, reply.early)
            return False
        self._client.sendall(reply.early)
        both_ways(self._client, reply.engine, early)
        return False

    def _filter(self, engine: socket.socket) -> Filter:
        view, follower = self._view, self._follower
        return Filter(
            self._client,
            engine,
            view,
            built=lambda ids, names: follower.built(ids, names, view),
            denied=lambda call, why: follower.note(Denied(view.step, f"POST /grpc {call}", why)),
        )

    def _stream(
        self, reply: Reply, keeps: bool, outcome: Callable[[int, bytes], None], watched: bool
    ) -> bool:
        """The answer as it comes. Where its meaning is to be noted, the end is held back until it is."""
        keeps = keeps and reply.framed
        self._client.sendall(_reply_head(reply, keeps, None))
        room = memoryview(bytearray(_SMALL))
        reader = reply.body()
        tail, data = b"", memoryview(reply.early)
        while True:
            if data:
                if reader is not None:
                    reader.take(data)
                if watched:
                    outcome(0, bytes(data))
                    whole = tail + bytes(data)
                    cut = max(len(whole) - len(_LAST), 0)
                    self._client.sendall(whole[:cut])
                    tail = whole[cut:]
                else:
                    self._client.sendall(data)
            if reader is not None and reader.done:
                break
            if not readable(reply.engine, self._client):
                return False
            received = reply.engine.recv_into(room)
            if not received:
                break
            data = room[:received]
            if received == len(room) < PIECE:  # most answers are short; this one is not
                room = memoryview(bytearray(PIECE))
        whole_answer = reader is None or reader.done
        if watched:
            if whole_answer:
                outcome(reply.status, b"")
            self._client.sendall(tail)
        return keeps and reader is not None and whole_answer

    def _events(self, reply: Reply) -> bool:
        self._client.sendall(_reply_head(reply, False, None, plain=True))
        rest, data = b"", memoryview(reply.early)
        reader = reply.body()
        room = memoryview(bytearray(65536))
        while True:
            count = reader.take(data) if reader else len(data)
            pieces = getattr(reader, "pieces", [(0, count)])
            *lines, rest = (rest + b"".join(bytes(data[a:b]) for a, b in pieces)).split(b"\n")
            for line in lines:
                with suppress(Malformed):
                    self._client.sendall(dump(shown(json_body.parse(line), self._view)) + b"\n")
            if (reader and reader.done) or not readable(reply.engine, self._client):
                return False
            received = reply.engine.recv_into(room)
            if not received:
                return False
            data = room[:received]

    def _translated(self, allow: Allow, status: int, raw: bytes) -> bytes:
        if status < 400 and allow.shows == "raw":
            return raw
        try:
            found = json_body.parse(raw)
        except Malformed:
            return raw
        if status < 400 and allow.shows == "info" and isinstance(found, dict):
            found = {key: item for key, item in found.items() if key in _INFO}
        if status < 400 and allow.shows == "networks":
            for network in items(found) if isinstance(found, list) else [found]:
                self._hide_foreign(network)
        return dump(shown(found, self._view)) + b"\n"

    def _hide_foreign(self, network: Json) -> None:
        inside = field(network, "Containers")
        if isinstance(network, dict) and isinstance(inside, dict):
            own = self._view.everything.container_ids()
            network["Containers"] = {key: item for key, item in inside.items() if key in own}

    def _say(self, status: int, raw: bytes, keeps: bool) -> None:
        more = "" if keeps else "Connection: close\r\n"
        self._client.sendall(
            f"HTTP/1.1 {status} {_REASONS.get(status, 'Refused')}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(raw)}\r\n{more}\r\n".encode("latin-1")
            + raw
        )

    def _linger(self) -> bool:
        """Closes so that the client can still read its answer."""
        with suppress(OSError):
            self._client.shutdown(socket.SHUT_WR)
            self._client.settimeout(2.0)
            for _ in range(64):
                if not self._client.recv(PIECE):
                    break
        return False


_REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 502: "Bad Gateway"}


def _short(allow: Allow) -> bool:
    """Is the answer one short JSON whose meaning is noted?"""
    return allow.effect is not None and not isinstance(allow.effect, Builds | Loads)


def _message(text: str) -> bytes:
    return dump({"message": text}) + b"\n"


def _reply_head(reply: Reply, keeps: bool, length: int | None, plain: bool = False) -> bytes:
    """The engine's head for the client; `length` where the body is written anew; `plain`: the body
    ends where the connection does."""
    rewritten = length is not None or plain
    lines = [f"HTTP/1.1 {reply.status} {reply.reason}"]
    for name, value in reply.headers:
        if name in _HOP or (rewritten and name in ("content-length", "transfer-encoding")):
            continue
        lines.append(f"{name.title()}: {value}")
    if length is not None:
        lines.append(f"Content-Length: {length}")
    if not keeps or plain:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "\r\n"]).encode("latin-1")
