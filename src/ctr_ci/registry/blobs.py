"""Blobs: is it there, can it be mounted, what are its bytes; `put` sends it (upload.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import TypeVar
from urllib.parse import quote

from ctr_ci.oci import Digest
from ctr_ci.problem import Problem
from ctr_ci.registry.client import Registry
from ctr_ci.registry.failure import RegistryError
from ctr_ci.registry.http import Request
from ctr_ci.registry.upload import SEND_S, begin, cancel, location, put

__all__ = ["How", "fetch", "has", "mount", "patiently", "probe", "put", "read"]

T = TypeVar("T")


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
    return location(request, response) if response.status == 202 else ""


def probe(registry: Registry) -> None:
    """Proves the right to push without writing anything: an upload begun and cancelled."""
    cancel(registry, location(*begin(registry)))
