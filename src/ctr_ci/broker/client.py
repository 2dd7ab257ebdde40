"""What the broker itself asks of the engine, beside what it passes on: looks, waits, removals."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import quote, urlencode

from ctr_ci.broker.body import Json, dump
from ctr_ci.problem import Problem, WorldError

API = "/v1.41"
LONGEST_S = 300.0


class _Connection(HTTPConnection):
    def __init__(self, path: str, timeout: float | None) -> None:
        super().__init__("docker", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = dial(self._path)
        self.sock.settimeout(self.timeout)


def dial(path: str) -> socket.socket:
    """A connection to the engine's socket. Raises OSError."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.connect(path)
    except BaseException:
        made.close()
        raise
    return made


class Client:
    """Asks the engine. A connection a call: they are short, and threads share nothing."""

    def __init__(self, path: str) -> None:
        self.path = os.fspath(path)

    def ask(self, method: str, path: str, body: Json = None, **query: str) -> tuple[int, Json]:
        """The answer's status and JSON (None where it is none). Raises WorldError."""
        with self._sent(method, path, body, query, LONGEST_S) as connection:
            answer = connection.getresponse()
            return answer.status, _json(answer.read())

    def wait(self, container: str, condition: str) -> Waiting:
        """A wait for the container's end that the engine has taken up when this returns."""
        path = f"{API}/containers/{container}/wait?condition={condition}"
        connection = _Connection(self.path, None)
        try:
            connection.request("POST", path)
            return Waiting(connection, connection.getresponse())
        except (OSError, HTTPException) as error:
            connection.close()
            raise _silent(self.path, "POST", path, error) from error

    @contextmanager
    def _sent(
        self, method: str, path: str, body: Json, query: dict[str, str], timeout: float | None
    ) -> Iterator[HTTPConnection]:
        connection = _Connection(self.path, timeout)
        target = API + quote(path, safe="/:@") + (f"?{urlencode(query)}" if query else "")
        sent = None if body is None else dump(body)
        try:
            connection.request(method, target, sent, {"Content-Type": "application/json"} if sent else {})
            yield connection
        except (OSError, HTTPException) as error:
            raise _silent(self.path, method, path, error) from error
        finally:
            connection.close()


class Waiting:
    """A wait under way. `taken`: the engine has accepted it."""

    def __init__(self, connection: HTTPConnection, answer: HTTPResponse) -> None:
        self._connection = connection
        self._answer = answer  # its head came when the engine took it up, its body comes at the end
        self.taken = answer.status == 200

    def exit_code(self) -> int | None:
        """Blocks until the container has ended. None where the engine lost it."""
        try:
            found = _json(self._answer.read())
        except (OSError, HTTPException):
            return None
        code = found.get("StatusCode") if isinstance(found, dict) else None
        return code if isinstance(code, int) else None

    def close(self) -> None:
        self._answer.close()
        self._connection.close()


def _silent(socket_path: str, method: str, path: str, error: Exception) -> WorldError:
    return WorldError(
        Problem(
            f"the engine at {socket_path} did not answer {method} {path}: {type(error).__name__}",
            help="see whether it still runs: `docker info`",
        )
    )


def _json(raw: bytes) -> Json:
    try:
        found: Json = json.loads(raw)
    except (ValueError, RecursionError):  # the latter where it is nested too deep
        return None
    return found
