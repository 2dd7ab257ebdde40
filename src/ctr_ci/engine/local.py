"""An engine on a unix socket, by plain HTTP: every call that a build waits for.

A step is create, attach, start, wait, remove; through docker-py these cost a quarter of a second
before the first one, only for the import. Calls that nobody waits for go to docker-py when asked.
Idle connections are kept and shared by the threads of a build.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from socket import AF_UNIX, SHUT_RDWR
from socket import socket as Socket
from urllib.parse import quote, urlencode

from ctr_ci.engine import body, building, failure
from ctr_ci.engine.address import Address
from ctr_ci.engine.api import (
    BUILD_LABEL,
    Attached,
    Bind,
    BuildLine,
    ContainerSpec,
    Engine,
    Image,
    Owned,
    Terminal,
)
from ctr_ci.engine.sight import Sight, container_id, of_container
from ctr_ci.engine.stream import Frames
from ctr_ci.problem import CtrCiError, Problem, WorldError
from ctr_ci.value import replace

API = "/v1.41"  # engine 20.10 of December 2020 and later
TIMEOUT_S = 120.0
PIECE = 1 << 20  # of an export, read at once
OURS = json.dumps({"label": [BUILD_LABEL]})


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float | None) -> None:
        super().__init__("docker", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = _dial(self._path, self.timeout)


def _dial(path: str, timeout: float | None) -> Socket:
    made = Socket(AF_UNIX)
    try:
        made.settimeout(timeout)
        made.connect(path)
    except OSError:
        made.close()
        raise
    return made


class LocalEngine:
    """An `Engine` over a unix socket. Safe to use from several threads."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._idle: list[_Connection] = []
        self._lock = threading.Lock()
        self._library: Engine | None = None
        self._closed = False
        self._sight: Sight | None = None
        self._call("answer", "GET", "/_ping")

    @property
    def socket(self) -> str:
        return self._address.socket

    def theirs(self, path: str) -> str | None:
        if self._sight is None:
            own = container_id()
            # A container that the engine does not know: it is beside us, and sees what we see.
            status, answer = self._ask("GET", f"/containers/{own}/json") if own else (404, b"")
            if status != 404:
                _check("tell of our container", status, answer)
            self._sight = of_container(_parsed(answer)) if status == 200 else Sight()
        return self._sight.theirs(path)

    def version(self) -> str:
        return str(_parsed(self._call("tell its version", "GET", "/version"))["Version"])

    def image(self, reference: str) -> Image | None:
        status, answer = self._ask("GET", f"/images/{quote(reference)}/json")
        if status == 404:
            return None
        _check("inspect an image", status, answer)
        return body.image(_parsed(answer))

    def pull(self, reference: str) -> Iterator[str]:
        return self._docker().pull(reference)

    def tag(self, image_id: str, name: str) -> None:
        self._docker().tag(image_id, name)

    def commit(self, container_id: str) -> str:
        made = self._call(
            "commit", "POST", f"/commit?container={container_id}&pause=0", body.committed(), timeout=None
        )
        return str(_parsed(made)["Id"])

    def build(
        self,
        context: Iterator[bytes],
        dockerfile: str,
        *,
        arguments: tuple[tuple[str, str], ...] = (),
        buildkit: bool = False,
    ) -> Iterator[BuildLine]:
        connection = _Connection(self._address.socket, None)
        path = f"{API}/build?{building.query(dockerfile, arguments, buildkit)}"
        try:
            headers = {"Content-Type": "application/x-tar"}
            connection.request("POST", path, body=context, headers=headers, encode_chunked=True)
            response = connection.getresponse()
            if response.status != 200:
                raise failure.unbuilt(response.status, response.read())
        except (http.client.HTTPException, OSError) as error:
            connection.close()
            raise failure.unreachable(self._address.url, str(error)) from error
        except CtrCiError:
            connection.close()
            raise
        return building.lines(self._pieces(connection, response))

    def image_ids(self) -> frozenset[str]:
        listed = json.loads(self._call("list images", "GET", "/images/json?all=1"))
        return frozenset(str(one["Id"]) for one in listed)

    def remove_image(self, image_id: str) -> None:
        self._gone_is_fine("remove an image", "DELETE", f"/images/{image_id}")

    def export(self, image_id: str) -> Iterator[bytes]:
        """Asked for at once, since the engine takes seconds to the first byte; read as it is wanted."""
        connection = _Connection(self._address.socket, None)
        try:
            connection.request("GET", f"{API}/images/{quote(image_id)}/get")
        except OSError as error:
            connection.close()
            raise failure.unreachable(self._address.url, str(error)) from error
        return self._exported(connection)

    def _exported(self, connection: _Connection) -> Iterator[bytes]:
        try:
            response = connection.getresponse()
            if response.status != 200:
                _check("export an image", response.status, response.read())
            while piece := response.read(PIECE):
                yield piece
            if response.length:  # a body of a known length that is cut off is no error to the library
                raise http.client.IncompleteRead(b"", response.length)
        except (http.client.HTTPException, OSError) as error:
            raise WorldError(
                Problem(
                    "the engine broke off the export of an image",
                    help="its log says why; is its disk full? (`docker system df`)",
                )
            ) from error
        finally:
            connection.close()

    def create(self, spec: ContainerSpec) -> str:
        query = f"?{urlencode({'name': spec.name})}" if spec.name else ""
        seen = replace(spec, binds=tuple(map(self._seen, spec.binds)))
        made = self._call("create", "POST", f"/containers/create{query}", body.container(seen))
        return str(_parsed(made)["Id"])

    def _seen(self, bind: Bind) -> Bind:
        if not bind.source.startswith("/"):
            return bind
        theirs = self.theirs(bind.source)
        if theirs is None:
            raise WorldError(
                Problem(
                    f"the engine cannot see {bind.source}: we are in a container, and that is not mounted",
                    "a folder that is mounted in this container from the engine's host",
                    "let TMPDIR name one, or give --carry-files",
                )
            )
        return replace(bind, source=theirs)

    def attach(self, container_id: str) -> Attached:
        wire = self._hijack(f"/containers/{container_id}/attach?stream=1&stdout=1&stderr=1")
        return Frames(wire.recv, lambda: _hang_up(wire))

    def terminal(self, container_id: str) -> Terminal:
        wire = self._hijack(f"/containers/{container_id}/attach?stream=1&stdin=1&stdout=1&stderr=1")

        def resize(columns: int, rows: int) -> None:
            self._gone_is_fine("resize", "POST", f"/containers/{container_id}/resize?h={rows}&w={columns}")

        return _Terminal(wire, resize)

    def _hijack(self, path: str) -> Socket:
        """The connection itself, after the engine has agreed to give it up to a container's streams."""
        wire = self._dial(None)
        try:
            wire.sendall(
                f"POST {API}{path} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
                "Content-Length: 0\r\n\r\n".encode()
            )
            head = _head(wire)
        except OSError as error:
            wire.close()
            raise failure.unreachable(self._address.url, str(error)) from error
        status = int(head.split(b" ", 2)[1]) if head.startswith(b"HTTP/") else 500
        if status not in (101, 200):
            wire.close()
            raise failure.refused("attach", status, head)
        return wire

    def start(self, container_id: str) -> None:
        self._call("start", "POST", f"/containers/{container_id}/start")

    def wait(self, container_id: str) -> int:
        answer = _parsed(self._call("wait", "POST", f"/containers/{container_id}/wait", timeout=None))
        code = answer["StatusCode"]
        return code if isinstance(code, int) else 1

    def oom_killed(self, container_id: str) -> bool:
        answer = self._call("inspect a container", "GET", f"/containers/{container_id}/json")
        return body.oom_killed(_parsed(answer))

    def pid(self, container_id: str) -> int:
        answer = self._call("inspect a container", "GET", f"/containers/{container_id}/json")
        return body.pid(_parsed(answer))

    def health(self, container_id: str) -> str:
        answer = self._call("inspect a container", "GET", f"/containers/{container_id}/json")
        return body.health(_parsed(answer))

    def files(self, container_id: str, path: str) -> Iterator[bytes] | None:
        connection = _Connection(self._address.socket, TIMEOUT_S)
        query = urlencode({"path": path})
        try:
            connection.request("GET", f"{API}/containers/{container_id}/archive?{query}")
            response = connection.getresponse()
            if response.status != 200:
                answer = response.read()
                connection.close()
                if response.status == 404:
                    return None
                raise failure.refused("read a file", response.status, answer)
        except (http.client.HTTPException, OSError) as error:
            connection.close()
            raise failure.unreachable(self._address.url, str(error)) from error
        return self._pieces(connection, response)

    def _pieces(
        self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse
    ) -> Iterator[bytes]:
        try:
            while piece := response.read1(1 << 16):
                yield piece
        except (http.client.HTTPException, OSError) as error:
            raise failure.unreachable(self._address.url, str(error)) from error
        finally:
            response.close()
            connection.close()

    def put(self, container_id: str, folder: str, archive: Iterator[bytes]) -> None:
        connection = _Connection(self._address.socket, TIMEOUT_S)
        path = f"{API}/containers/{container_id}/archive?{urlencode({'path': folder})}"
        try:
            headers = {"Content-Type": "application/x-tar"}
            connection.request("PUT", path, body=archive, headers=headers, encode_chunked=True)
            response = connection.getresponse()
            _check("carry files into a container", response.status, response.read())
        except (http.client.HTTPException, OSError) as error:
            raise failure.unreachable(self._address.url, str(error)) from error
        finally:
            connection.close()

    def kill(self, container_id: str) -> None:
        self._gone_is_fine("kill", "POST", f"/containers/{container_id}/kill")

    def remove(self, container_id: str) -> None:
        self._gone_is_fine("remove a container", "DELETE", f"/containers/{container_id}?force=1&v=1")

    def create_network(self, name: str, labels: tuple[tuple[str, str], ...]) -> str:
        wanted: dict[str, object] = {
            "Name": name,
            "CheckDuplicate": True,
            "Driver": "bridge",
            "Labels": dict(labels),
        }
        return str(_parsed(self._call("create a network", "POST", "/networks/create", wanted))["Id"])

    def disconnect(self, network: str, container: str) -> None:
        wanted: dict[str, object] = {"Container": container, "Force": True}
        self._gone_is_fine("disconnect", "POST", f"/networks/{network}/disconnect", wanted)

    def remove_network(self, network_id: str) -> None:
        self._gone_is_fine("remove a network", "DELETE", f"/networks/{network_id}")

    def create_volume(self, name: str, labels: tuple[tuple[str, str], ...]) -> str:
        wanted: dict[str, object] = {"Name": name, "Labels": dict(labels)}
        return str(_parsed(self._call("create a volume", "POST", "/volumes/create", wanted))["Name"])

    def remove_volume(self, name: str) -> None:
        self._gone_is_fine("remove a volume", "DELETE", f"/volumes/{quote(name)}?force=1")

    def owned(self) -> tuple[Owned, ...]:
        ours = urlencode({"filters": OURS})
        containers = self._call("list containers", "GET", f"/containers/json?all=1&{ours}")
        networks = self._call("list networks", "GET", f"/networks?{ours}")
        volumes = self._call("list volumes", "GET", f"/volumes?{ours}")
        return (
            *body.owned("container", json.loads(containers)),
            *body.owned("network", json.loads(networks)),
            *body.owned("volume", _parsed(volumes).get("Volumes")),
        )

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            library, self._library = self._library, None
        for connection in idle:
            connection.close()
        if library is not None:
            library.close()

    def _docker(self) -> Engine:
        with self._lock:
            if self._library is None:
                from ctr_ci.engine.docker import DockerEngine

                self._library = DockerEngine(self._address)
            return self._library

    def _gone_is_fine(
        self, call: str, method: str, path: str, content: dict[str, object] | None = None
    ) -> None:
        status, answer = self._ask(method, path, content)
        if status not in (404, 409):  # 409: not running, or its removal is under way
            _check(call, status, answer)

    def _call(
        self,
        call: str,
        method: str,
        path: str,
        content: dict[str, object] | None = None,
        timeout: float | None = TIMEOUT_S,
    ) -> bytes:
        status, answer = self._ask(method, path, content, timeout)
        _check(call, status, answer)
        return answer

    def _ask(
        self,
        method: str,
        path: str,
        content: dict[str, object] | None = None,
        timeout: float | None = TIMEOUT_S,
    ) -> tuple[int, bytes]:
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is not None:
            try:
                return self._exchange(connection, method, path, content, timeout)
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                pass  # the engine had closed this idle connection: once more, on a new one
            except (http.client.HTTPException, OSError) as error:
                raise failure.unreachable(self._address.url, str(error)) from error
        try:
            return self._exchange(_Connection(self._address.socket, timeout), method, path, content, timeout)
        except (http.client.HTTPException, OSError) as error:
            raise failure.unreachable(self._address.url, str(error)) from error

    def _exchange(
        self,
        connection: _Connection,
        method: str,
        path: str,
        content: dict[str, object] | None,
        timeout: float | None,
    ) -> tuple[int, bytes]:
        try:
            if connection.sock is not None:
                connection.sock.settimeout(timeout)
            data = None if content is None else json.dumps(content).encode()
            headers = {"Content-Type": "application/json"} if data else {}
            connection.request(method, API + path, body=data, headers=headers)
            response = connection.getresponse()
            answer = response.read()
        except BaseException:
            connection.close()
            raise
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return response.status, answer
        connection.close()
        return response.status, answer

    def _dial(self, timeout: float | None) -> Socket:
        try:
            return _dial(self._address.socket, timeout)
        except OSError as error:
            raise failure.unreachable(self._address.url, str(error)) from error


class _Terminal:
    def __init__(self, wire: Socket, resize: Callable[[int, int], None]) -> None:
        self._wire = wire
        self.resize = resize

    def fileno(self) -> int:
        return self._wire.fileno()

    def send(self, data: bytes) -> None:
        self._wire.sendall(data)

    def receive(self) -> bytes:
        return self._wire.recv(65536)

    def close(self) -> None:
        _hang_up(self._wire)


def _check(call: str, status: int, answer: bytes) -> None:
    if status >= 400:
        raise failure.refused(call, status, answer)


def _parsed(answer: bytes) -> dict[str, object]:
    try:
        found = json.loads(answer)
    except ValueError as error:
        raise WorldError(failure.odd(answer)) from error
    if not isinstance(found, dict):
        raise WorldError(failure.odd(answer))
    return found


def _head(wire: Socket) -> bytes:
    """The head of the answer, read byte by byte at its end so that no output is swallowed."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = wire.recv(1)
        if not byte:
            raise ConnectionResetError("the engine hung up")
        head += byte
    return head


def _hang_up(wire: Socket) -> None:
    """Wakes a reader in another thread, too."""
    with suppress(OSError):  # the engine may have closed its end
        wire.shutdown(SHUT_RDWR)
    wire.close()
