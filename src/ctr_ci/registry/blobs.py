"""Blobs: is it there, can it be mounted, else send it (distribution-spec "Pushing blobs").

One PUT with a known length per blob, and the blob again from POST on any break: the ground that all
registries share (distribution 2.8 loses a session whose connection broke, tried). `Location`s are
used byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from itertools import chain
from typing import TypeVar
from urllib.parse import quote, urljoin

from ctr_ci.oci import Digest
from ctr_ci.problem import CtrCiError, Problem
from ctr_ci.registry.client import Registry
from ctr_ci.registry.failure import RegistryError, told
from ctr_ci.registry.http import Request, Response, Upload

T = TypeVar("T")
CHUNK = 8 << 20
SEND_S = 900.0  # a registry on an object store may take minutes to put a large blob in place
FROM_ANEW = frozenset({"BLOB_UPLOAD_INVALID", "BLOB_UPLOAD_UNKNOWN", "DIGEST_INVALID", "RANGE_INVALID"})


class How(Enum):
    """How a blob came to be there."""

    EXISTING = "existing"
    MOUNTED = "mounted"
    UPLOADED = "uploaded"


def has(registry: Registry, digest: Digest) -> bool:
    request = Request("HEAD", registry.url(f"blobs/{digest}"))
    return registry.send(request, 200, 404).status == 200


def fetch(registry: Registry, digest: Digest, size: int | None = None) -> Iterator[bytes]:
    """The bytes of a blob, hardly more than `size` of them; whoever reads them compares the digest."""
    has(registry, digest)  # obtains the right, which a stream cannot do midway
    _, body = registry.read(Request("GET", registry.url(f"blobs/{digest}"), timeout_s=SEND_S))
    came = 0
    for piece in body:
        yield piece
        came += len(piece)
        if size is not None and came > size:
            break


def patiently(registry: Registry, work: Callable[[], T]) -> T:
    """What `work` gives, done again from its start where the connection broke."""
    attempt = 0
    while True:
        attempt += 1
        try:
            return work()
        except RegistryError as error:
            broke = error.status == 0 and error.retry
            wait = registry.tries.after_break(attempt, registry.clock) if broke else None
            if wait is None:
                raise
        registry.clock.sleep(wait)


def read(registry: Registry, digest: Digest, size: int) -> bytes:
    """A small blob, whole. Raises RegistryError where other bytes come than `digest` names."""
    raw = b"".join(patiently(registry, lambda: list(fetch(registry, digest, size))))
    if Digest.of(raw) != digest:
        request = Request("GET", registry.url(f"blobs/{digest}"))
        found = f"{registry.repository.host} sent bytes that are not those of their digest"
        problem = Problem(found, expected=str(digest))
        raise RegistryError(request, 200, "DIGEST_INVALID", retry=False, problem=problem)
    return raw


def mount(registry: Registry, digest: Digest, source: str) -> str | None:
    """Has the registry take the blob over from its own repository `source`: None where it did,
    else where an upload may go on ("" where none was opened)."""
    url = registry.url(f"blobs/uploads/?mount={quote(str(digest), safe='')}&from={quote(source, safe='')}")
    request = Request("POST", url)
    response = registry.answer(request)
    if response.status == 201:
        return None
    return _location(request, response) if response.status == 202 else ""


def put(registry: Registry, digest: Digest, upload: Upload, opened: str = "") -> None:
    """Sends a blob, from the start again where that helps. `opened`: an upload already begun."""
    attempt, again = 0, 0
    send = _send
    while True:
        attempt += 1
        try:
            failed = send(registry, digest, upload, opened)
            if failed is None:
                return
            request, response = failed
            error: CtrCiError = registry.refusal(request, response)
            wait = registry.tries.after(response, attempt, registry.clock)
            if wait is None and told(response).code in FROM_ANEW and again < 1:
                again, wait = again + 1, 0.0
            if response.status == 413 and send is not _send_in_chunks:
                send, wait = _send_in_chunks, 0.0
        except RegistryError as broken:
            error = broken
            retriable = broken.status == 0 and broken.retry
            wait = registry.tries.after_break(attempt, registry.clock) if retriable else None
        if wait is None:
            raise error
        opened = ""
        registry.clock.sleep(wait)


def probe(registry: Registry) -> None:
    """Proves the right to push without writing anything: an upload begun and cancelled."""
    _cancel(registry, _open(registry))


def _send(registry: Registry, digest: Digest, upload: Upload, opened: str) -> tuple[Request, Response] | None:
    """One try; what went wrong, where an answer says so."""
    location = opened or _open(registry)
    joint = "&" if "?" in location else "?"
    request = Request(
        "PUT",
        f"{location}{joint}digest={quote(str(digest), safe='')}",
        (("Content-Type", "application/octet-stream"),),
        upload,
        again=False,
        timeout_s=SEND_S,
    )
    try:
        response = registry.answer(request)
    except BaseException as error:
        if not isinstance(error, RegistryError):
            _cancel(registry, location)
        raise
    return _stored(registry, digest, request, response)


def _send_in_chunks(
    registry: Registry, digest: Digest, upload: Upload, opened: str
) -> tuple[Request, Response] | None:
    """One try where a front refuses large bodies: `PATCH` by `PATCH`, then an empty `PUT`."""
    location, at, held = opened or _open(registry), 0, b""
    for piece in chain(upload.open(), (None,)):
        held += piece or b""
        while held and (len(held) >= CHUNK or piece is None):
            body, held = held[:CHUNK], held[CHUNK:]
            span = f"{at}-{at + len(body) - 1}"
            kind = (("Content-Type", "application/octet-stream"), ("Content-Range", span))
            request = Request("PATCH", location, kind, body, again=False, timeout_s=SEND_S)
            response = registry.answer(request)
            if response.status != 202:
                return request, response
            location, at = _location(request, response), at + len(body)
    return _close(registry, digest, location)


def _close(registry: Registry, digest: Digest, location: str) -> tuple[Request, Response] | None:
    joint = "&" if "?" in location else "?"
    request = Request(
        "PUT", f"{location}{joint}digest={quote(str(digest), safe='')}", again=False, timeout_s=SEND_S
    )
    return _stored(registry, digest, request, registry.answer(request))


def _stored(
    registry: Registry, digest: Digest, request: Request, response: Response
) -> tuple[Request, Response] | None:
    """What an answer to the closing PUT means: None where the blob is there under its digest."""
    if response.status != 201:
        return request, response
    said = response.header("docker-content-digest")
    if said and said != str(digest):
        raise RegistryError(
            request,
            201,
            "DIGEST_INVALID",
            retry=False,
            problem=Problem(
                f"{registry.repository.host} stored the blob as {said[:80]}", expected=str(digest)
            ),
        )
    return None


def _open(registry: Registry) -> str:
    request = Request("POST", registry.url("blobs/uploads/"))
    return _location(request, registry.send(request, 202))


def _location(request: Request, response: Response) -> str:
    return urljoin(response.url or request.url, response.header("location") or "")


def _cancel(registry: Registry, location: str) -> None:
    """Best effort: GHCR answers 405, others keep the session until it expires."""
    try:
        registry.answer(Request("DELETE", location, again=False, timeout_s=5.0))
    except RegistryError:
        return
