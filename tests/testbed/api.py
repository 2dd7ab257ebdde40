"""The few calls of the Docker Engine API that the test bed itself makes, over a unix socket."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterable
from urllib.parse import quote, urlencode


class Refused(RuntimeError):
    """The engine said no: status and its message."""


class _Unix(http.client.HTTPConnection):
    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__("engine", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def call(
    engine: str,
    method: str,
    path: str,
    body: bytes | Iterable[bytes] | None = None,
    kind: str = "application/json",
    timeout_s: float = 600,
) -> bytes:
    """The body of a successful answer of the engine behind a socket. Raises Refused, OSError."""
    connection = _Unix(engine, timeout_s)
    try:
        chunked = body is not None and not isinstance(body, bytes)
        connection.request(
            method, path, body, {"Content-Type": kind} if body is not None else {}, encode_chunked=chunked
        )
        answer = connection.getresponse()
        data = answer.read()
    finally:
        connection.close()
    if answer.status >= 400:
        raise Refused(f"{method} {path}: {answer.status} {data.decode(errors='replace').strip()}")
    return data


def answers(engine: str) -> bool:
    """Whether a Docker engine answers behind this socket."""
    try:
        return call(engine, "GET", "/_ping", timeout_s=2).startswith(b"OK")
    except (OSError, Refused, http.client.HTTPException):
        return False


def image_id(engine: str, name: str) -> str | None:
    """The ID of a local image, None where there is none."""
    try:
        found: dict[str, str] = json.loads(call(engine, "GET", f"/images/{quote(name, safe='/:@')}/json"))
    except Refused:
        return None
    return found["Id"]


def has_label(engine: str, name: str, label: str) -> bool:
    """Whether a local image carries a label."""
    found: dict[str, dict[str, dict[str, str] | None]] = json.loads(
        call(engine, "GET", f"/images/{quote(name, safe='/:@')}/json")
    )
    return label in (found["Config"].get("Labels") or {})


def labelled(engine: str, label: str) -> tuple[str, ...]:
    """The IDs of the local images with this label."""
    query = urlencode({"filters": json.dumps({"label": [label]})})
    found: list[dict[str, str]] = json.loads(call(engine, "GET", f"/images/json?{query}"))
    return tuple(image["Id"] for image in found)


def add_image(engine: str, name: str, tar: bytes | Iterable[bytes], changes: tuple[str, ...] = ()) -> str:
    """Makes an image of one layer from a root file system; `changes` are Dockerfile instructions."""
    repository, _, tag = name.rpartition(":")
    query = [("fromSrc", "-"), ("repo", repository), ("tag", tag), *(("changes", c) for c in changes)]
    answer = call(engine, "POST", f"/images/create?{urlencode(query)}", tar, "application/x-tar")
    last: dict[str, str] = json.loads(answer.splitlines()[-1])
    if "error" in last:
        raise Refused(last["error"])
    return last["status"]


def build_image(engine: str, name: str, context: bytes, labels: dict[str, str]) -> str:
    """Builds an image from a tar with a Dockerfile, by the classic builder. The image's ID."""
    query = urlencode({"t": name, "labels": json.dumps(labels), "rm": "1", "forcerm": "1"})
    log = call(engine, "POST", f"/build?{query}", context, "application/x-tar")
    for line in log.splitlines():
        said: dict[str, str] = json.loads(line)
        if "error" in said:
            raise Refused(f"build of {name}: {said['error']}\n{log.decode(errors='replace')[-2000:]}")
    made = image_id(engine, name)
    if made is None:
        raise Refused(f"build of {name} left no image")
    return made


def tag(engine: str, image: str, name: str) -> None:
    repository, _, tag = name.rpartition(":")
    call(
        engine,
        "POST",
        f"/images/{quote(image, safe='/:@')}/tag?{urlencode({'repo': repository, 'tag': tag})}",
    )


def untag(engine: str, name: str) -> None:
    """Removes a name (and the image, when this was the last one); no error where there is none."""
    try:
        call(engine, "DELETE", f"/images/{quote(name, safe='/:@')}")
    except Refused as error:
        if ": 404 " not in str(error):
            raise
