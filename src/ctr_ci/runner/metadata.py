"""The metadata server that steps find at 169.254.169.254, as on a Cloud Build worker.

It says what project the build belongs to; a token only where the user hands one over, as the secret
GOOGLE_ACCESS_TOKEN. `answer` decides and is pure. `Metadata.join` listens inside a container's own
network namespace, on that address put on its loopback: so the steps need no proxy, no privilege and
no variable, two builds do not meet, and a step on a cloud machine finds this server and not the
machine's, whose credentials are none of its business. That takes root on the engine's host;
elsewhere steps simply find no metadata server.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import socket
import struct
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from ctr_ci.plan import Plan
from ctr_ci.runner.secrets import google_token
from ctr_ci.secret import Secret
from ctr_ci.value import value

ADDRESS = "169.254.169.254"
NAMES = ("metadata.google.internal", "metadata")
ROOT = "/computeMetadata/v1/"
SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
TOKEN_LIFE_S = 1800  # what clients may assume of a token whose end we do not know
REQUEST_BYTES = 16 * 1024
PATIENCE_S = 10
# linux/sockios.h and linux/if.h: no tool of the container's image is needed to give it an address
SIOCSIFADDR, SIOCSIFNETMASK, SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8916, 0x891C, 0x8913, 0x8914, 1
CLONE_NEWNET = 0x40000000


@value
class Facts:
    """What the server knows of the build; "" where nothing is known. `token` None: there is none."""

    project: str
    number: str
    region: str
    email: str
    token: Secret | None = None


@value
class Answer:
    """`kind` is the Content-Type."""

    status: int
    body: bytes
    kind: str = "application/text"


def facts(plan: Plan, secrets: Mapping[str, Secret]) -> Facts:
    """The facts of a plan's build."""
    known = dict(plan.substitutions)
    project = known.get("PROJECT_ID", "")
    return Facts(
        project,
        known.get("PROJECT_NUMBER", ""),
        known.get("LOCATION", "") or "global",
        known.get("SERVICE_ACCOUNT_EMAIL", "") or f"{project}@cloudbuild.gserviceaccount.com",
        secrets.get("GOOGLE_ACCESS_TOKEN"),
    )


def answer(known: Facts, method: str, target: str, headers: Mapping[str, str]) -> Answer:
    """The answer to one request; header names in lower case.

    As Compute Engine's server: nothing without `Metadata-Flavor: Google` (a step must mean to ask),
    nothing to a forwarded request, folders list their entries.
    """
    url = urlsplit(target)
    if method not in ("GET", "HEAD"):
        return Answer(405, b"only GET\n")
    if url.path == "/":
        return Answer(200, b"computeMetadata/\n")
    if headers.get("metadata-flavor") != "Google" or "x-forwarded-for" in headers:
        return Answer(403, b"the header Metadata-Flavor: Google is missing\n")
    tree = _tree(known)
    path = url.path.removeprefix(ROOT) if url.path.startswith(ROOT) else None
    if path is None:
        return Answer(404, b"not found\n")
    query = parse_qs(url.query)
    entry = _find(tree, path)
    if path.rstrip("/").endswith(("/token", "/identity")) and entry is None:
        return Answer(404, _NO_TOKEN)
    if isinstance(entry, dict):
        if query.get("recursive") == ["true"]:
            return Answer(200, json.dumps(_without_token(entry)).encode(), "application/json")
        return Answer(200, "".join(f"{name}\n" for name in _names(entry)).encode())
    if entry is None:
        return Answer(404, b"not found\n")
    if entry == _TOKEN:
        assert known.token is not None
        return Answer(200, google_token(known.token, TOKEN_LIFE_S), "application/json")
    return Answer(200, entry.encode())


_TOKEN = "\0token"  # noqa: S105  stands for it in the tree
_NO_TOKEN = (
    b"this build was given no Google credentials: "
    b"ctr-ci run --secret GOOGLE_ACCESS_TOKEN=cmd:'gcloud auth print-access-token'\n"
)
_Tree = dict[str, "_Tree | str"]


def _tree(known: Facts) -> _Tree:
    account: _Tree = {"aliases": "default\n", "email": known.email, "scopes": "\n".join(SCOPES) + "\n"}
    if known.token is not None:
        account["token"] = _TOKEN
    return {
        "project": {"project-id": known.project, "numeric-project-id": known.number},
        "instance": {
            "zone": f"projects/{known.number}/zones/{known.region}",
            "region": f"projects/{known.number}/regions/{known.region}",
            "service-accounts": {"default": account, known.email: account},
        },
        "universe": {"universe-domain": "googleapis.com"},
    }


def _find(tree: _Tree, path: str) -> _Tree | str | None:
    entry: _Tree | str = tree
    for part in filter(None, path.split("/")):
        if not isinstance(entry, dict) or part not in entry:
            return None
        entry = entry[part]
    return entry


def _without_token(tree: _Tree) -> _Tree:
    """A whole folder is told without the token, as at Google's: it must be asked for by name."""
    return {
        name: _without_token(entry) if isinstance(entry, dict) else entry
        for name, entry in tree.items()
        if entry != _TOKEN
    }


def _names(tree: _Tree) -> list[str]:
    return [f"{name}/" if isinstance(entry, dict) else name for name, entry in tree.items()]


class Metadata:
    """Listens in the network namespaces that it is told of, until it is closed."""

    def __init__(self, known: Facts) -> None:
        self._known = known
        self._lock = threading.Lock()
        self._listening: list[socket.socket] = []
        self._closed = False

    @property
    def hosts(self) -> tuple[tuple[str, str], ...]:
        """The names that a container should know the server by; none where `join` cannot succeed."""
        return tuple((name, ADDRESS) for name in NAMES) if os.geteuid() == 0 else ()

    def join(self, pid: int, container_id: str) -> bool:
        """Serves the network namespace of a container's first process. False where that cannot be:
        no root, another host, or the process is not (or no longer) that container's."""
        if os.geteuid() != 0 or pid <= 0 or not _is_of(pid, container_id):
            return False
        door: list[socket.socket] = []
        # A namespace is entered by a thread, and left by its end.
        enter = threading.Thread(target=_listen, args=(pid, door), name="ctr-ci-metadata-door")
        enter.start()
        enter.join()
        if not door:
            return False
        with self._lock:
            if self._closed:
                door[0].close()
                return False
            self._listening.append(door[0])
        threading.Thread(target=self._serve, args=(door[0],), name="ctr-ci-metadata", daemon=True).start()
        return True

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for listening in self._listening:
                with suppress(OSError):
                    listening.shutdown(socket.SHUT_RDWR)
                listening.close()
            self._listening.clear()

    def _serve(self, listening: socket.socket) -> None:
        while True:
            try:
                wire, _ = listening.accept()
            except OSError:
                return
            threading.Thread(
                target=self._reply, args=(wire,), name="ctr-ci-metadata-reply", daemon=True
            ).start()

    def _reply(self, wire: socket.socket) -> None:
        with wire, suppress(OSError):
            wire.settimeout(PATIENCE_S)
            head = b""
            while b"\r\n\r\n" not in head and len(head) < REQUEST_BYTES:
                piece = wire.recv(4096)
                if not piece:
                    return
                head += piece
            wire.sendall(reply(self._known, head))


def reply(known: Facts, head: bytes) -> bytes:
    """The whole HTTP response to a request's head."""
    first, *lines = head.split(b"\r\n\r\n", 1)[0].decode("latin-1").split("\r\n")
    words = first.split(" ")
    headers = {
        name.strip().lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)
    }
    if len(words) != 3:
        given = Answer(400, b"no HTTP request\n")
    else:
        given = answer(known, words[0], words[1], headers)
    body = b"" if words[0] == "HEAD" else given.body
    head_out = (
        f"HTTP/1.1 {given.status} {'OK' if given.status == 200 else 'No'}\r\n"
        "Metadata-Flavor: Google\r\nServer: Metadata Server for VM\r\nConnection: close\r\n"
        f"Content-Type: {given.kind}\r\nContent-Length: {len(given.body)}\r\n\r\n"
    )
    return head_out.encode() + body


def _is_of(pid: int, container_id: str) -> bool:
    """Whether a process of ours to see is that container's: PIDs of another host mean nothing here."""
    try:
        return container_id in Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return False


def _listen(pid: int, door: list[socket.socket]) -> None:
    with suppress(OSError):
        namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if ctypes.CDLL(None, use_errno=True).setns(namespace, CLONE_NEWNET) != 0:
                return
        finally:
            os.close(namespace)
        _give_address()
        listening = socket.create_server((ADDRESS, 80), backlog=64)
        door.append(listening)


def _give_address() -> None:
    """Puts our address on the loopback interface of this thread's network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for request, text in ((SIOCSIFADDR, ADDRESS), (SIOCSIFNETMASK, "255.255.255.255")):
            name = struct.pack("16sHH4s8x", b"lo:ctr-ci", socket.AF_INET, 0, socket.inet_aton(text))
            fcntl.ioctl(control, request, name)
        flags = fcntl.ioctl(control, SIOCGIFFLAGS, struct.pack("16sH14x", b"lo:ctr-ci", 0))
        up = struct.unpack("16sH14x", flags)[1] | IFF_UP
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo:ctr-ci", up))
