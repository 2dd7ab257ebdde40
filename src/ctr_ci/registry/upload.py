"""One blob on its way up: whole, in chunks, or on from where it broke (distribution-spec "Pushing blobs").

First one PUT of a known length: the ground that all registries share. Where the connection breaks,
the session is asked how much it holds and gets only the rest; where it is dead (distribution 2.8
loses one whose request broke off, tried), the blob starts again, a large one in chunks, so that the
next break costs a chunk. `Location`s are used byte for byte.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from urllib.parse import quote, urljoin

from ctr_ci.oci import Digest
from ctr_ci.problem import CtrCiError, Problem
from ctr_ci.registry.client import Registry
from ctr_ci.registry.failure import RegistryError, told
from ctr_ci.registry.http import Request, Response, Upload

CHUNK = 8 << 20
LARGE = 4 * CHUNK  # a blob that is worth the answers to wait for that chunks cost
SEND_S = 900.0  # a registry on an object store may take minutes to put a large blob in place
FROM_ANEW = frozenset({"BLOB_UPLOAD_INVALID", "BLOB_UPLOAD_UNKNOWN", "DIGEST_INVALID"})
BYTES = (("Content-Type", "application/octet-stream"),)
Failed = tuple[Request, Response]


def put(registry: Registry, digest: Digest, upload: Upload, opened: str = "") -> None:
    """Sends a blob, on from where it broke or from the start again where that helps. `opened`: an
    upload already begun. Tries are counted anew after each chunk that arrived."""
    sending = Sending(registry, digest, upload, opened)
    attempt, again, reached = 0, 0, 0
    while True:
        attempt += 1
        try:
            failed = sending.chunks() if sending.in_chunks else sending.whole()
            if failed is None:
                return
            request, response = failed
            error: CtrCiError = registry.refusal(request, response)
            wait = registry.tries.after(response, attempt, registry.clock)
            anew = told(response).code in FROM_ANEW
            if wait is None and (anew or response.status == 416) and again < 1:
                again, wait = again + 1, 0.0
            if response.status == 413 and not sending.in_chunks:
                sending.in_chunks, anew, wait = True, True, 0.0
        except RegistryError as broken:
            error, anew = broken, False
            retriable = broken.status == 0 and broken.retry
            wait = registry.tries.after_break(attempt, registry.clock) if retriable else None
        except BaseException:
            cancel(registry, sending.location)
            raise
        if wait is None:
            raise error
        registry.clock.sleep(wait)
        sending.go_on(anew)
        if sending.at >= reached + CHUNK:
            attempt, reached = 0, sending.at


class Sending:
    """The session of one upload: `location` "" before it is opened, `at` bytes that it holds."""

    def __init__(self, registry: Registry, digest: Digest, upload: Upload, opened: str) -> None:
        self.location = opened
        self.at = 0
        self.in_chunks = False
        self._registry = registry
        self._digest = digest
        self._upload = upload
        self._least = 0  # bytes of a chunk that the registry wants (OCI-Chunk-Min-Length)

    def whole(self) -> Failed | None:
        """All that is missing in one PUT; what went wrong, where an answer says so."""
        self._begin()
        rest = replace(self._upload, start=self.at)
        span = (("Content-Range", f"{self.at}-{rest.size - 1}"),) if 0 < self.at < rest.size else ()
        request = Request("PUT", self._closing(), (*BYTES, *span), rest, again=False, timeout_s=SEND_S)
        return self._stored(request, self._registry.answer(request))

    def chunks(self) -> Failed | None:
        """`PATCH` by `PATCH`, then an empty `PUT`."""
        self._begin()
        while self.at < self._upload.size:
            end = min(self._upload.size, self.at + max(CHUNK, self._least))
            span = ("Content-Range", f"{self.at}-{end - 1}")
            chunk = replace(self._upload, start=self.at, size=end)
            request = Request("PATCH", self.location, (*BYTES, span), chunk, again=False, timeout_s=SEND_S)
            response = self._registry.answer(request)
            if response.status != 202:
                return request, response
            self._opened(request, response)
            self.at = end
        request = Request("PUT", self._closing(), again=False, timeout_s=SEND_S)
        return self._stored(request, self._registry.answer(request))

    def go_on(self, anew: bool) -> None:
        """Before another try: how much has the session? One that says nothing is given up."""
        held = None if anew or not self.location else self._held()
        if held is None:
            self.in_chunks = self.in_chunks or (not anew and self._upload.size >= LARGE)
            self.location, self.at = "", 0

    def _held(self) -> int | None:
        request = Request("GET", self.location, again=False)
        try:
            response = self._registry.answer(request)
        except RegistryError:
            return None
        found = re.fullmatch(r"(?:bytes=)?0-(\d+)", response.header("range") or "")
        if response.status not in (202, 204) or not found:
            return None
        # "0-0" is what an empty session says, and one of a single byte: as good as empty.
        held = int(found[1]) + 1 if int(found[1]) else 0
        if held > self._upload.size:
            return None
        self._opened(request, response)
        self.at = held
        return held

    def _begin(self) -> None:
        if not self.location:
            request, response = begin(self._registry)
            self._opened(request, response)

    def _opened(self, request: Request, response: Response) -> None:
        if response.header("location"):
            self.location = location(request, response)
        least = response.header("oci-chunk-min-length") or ""
        self._least = int(least) if least.isdecimal() and int(least) <= 1 << 30 else self._least

    def _closing(self) -> str:
        joint = "&" if "?" in self.location else "?"
        return f"{self.location}{joint}digest={quote(str(self._digest), safe='')}"

    def _stored(self, request: Request, response: Response) -> Failed | None:
        """What an answer to the closing PUT means: None where the blob is there under its digest."""
        if response.status != 201:
            return request, response
        said = response.header("docker-content-digest")
        if said and said != str(self._digest):
            host = self._registry.repository.host
            problem = Problem(f"{host} stored the blob as {said[:80]}", expected=str(self._digest))
            raise RegistryError(request, 201, "DIGEST_INVALID", retry=False, problem=problem)
        return None


def begin(registry: Registry) -> Failed:
    """Opens an upload: the request and its 202 answer."""
    request = Request("POST", registry.url("blobs/uploads/"))
    return request, registry.send(request, 202)


def location(request: Request, response: Response) -> str:
    """Where an upload goes on: relative to what was asked, its query kept as it is."""
    return urljoin(response.url or request.url, response.header("location") or "")


def cancel(registry: Registry, location: str) -> None:
    """Best effort: GHCR answers 405, others keep the session until it expires."""
    if location:
        with suppress(RegistryError):
            registry.answer(Request("DELETE", location, again=False, timeout_s=5.0))
