"""One repository of one registry, and the talk with it: authorised, patient, told in our errors.

A `Registry` asks for the same scope its whole life: `repository:NAME:pull,push` (or `pull`), and
pull on the mount sources that its maker named. Good for several threads at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from threading import RLock
from urllib.parse import urljoin, urlsplit

from ctr_ci.oci import Repository
from ctr_ci.problem import CtrCiError
from ctr_ci.registry import failure
from ctr_ci.registry.auth import Anonymous, Credential, Door, Grant, token_flow
from ctr_ci.registry.failure import Broken, RegistryError
from ctr_ci.registry.http import Request, Response, loopback, origin
from ctr_ci.registry.retry import Clock, Tries
from ctr_ci.registry.transport import Transport

# Where the API of a registry is served by another host than its name says.
API_HOSTS = {"docker.io": "registry-1.docker.io"}
REDIRECTS = frozenset({301, 302, 303, 307, 308})
REFUSED = frozenset({400, 401, 403})
MOST_REDIRECTS = 5
MOST_KNOCKS = 3  # at a door where nobody answers
NOBODY = Anonymous()
PATIENT = Tries()


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach a registry: the credential, `writes` or only reads, token hosts that the user
    trusts, repositories to mount from, and `plain` for http where the host is not this machine
    (which is always plain, unless `tls`). `renew` gives another credential once this one, which has
    been good, is refused (those of an exchange live for minutes), None where there is no other."""

    credential: Credential = NOBODY
    writes: bool = True
    token_hosts: frozenset[str] = frozenset()
    mounts: tuple[str, ...] = ()
    plain: bool = False
    tls: bool = False
    renew: Callable[[], Credential | None] = lambda: None


class Registry:
    """`warn` is told each thing a registry wants said (RFC 7234 `Warning: 299`), once."""

    def __init__(
        self,
        repository: Repository,
        access: Access,
        transport: Transport,
        clock: Clock,
        warn: Callable[[str], None] = lambda _: None,
        tries: Tries = PATIENT,
    ) -> None:
        self.repository = repository
        self.mounts = access.mounts if access.writes else ()
        self.clock = clock
        self.tries = tries
        self._transport = transport
        self._warn = warn
        self._warned: set[str] = set()
        self._grant: Grant | None = None
        self._renew = access.renew
        self._good = False  # the credential has opened something
        self._asking = RLock()
        self._host = API_HOSTS.get(repository.host, repository.host)
        actions = "pull,push" if access.writes else "pull"
        scopes = [f"repository:{repository.name}:{actions}"]
        scopes += [f"repository:{name}:pull" for name in self.mounts]
        self._door = Door(self._host, tuple(scopes), access.credential, access.token_hosts)
        near = loopback(urlsplit(f"//{self._host}").hostname or "")
        scheme = "http" if (access.plain or near) and not access.tls else "https"
        self._base = f"{scheme}://{self._host}/v2/{repository.name}/"

    def url(self, path: str) -> str:
        """The URL of something of this repository: `blobs/DIGEST`, `manifests/TAG`."""
        return self._base + path

    def send(self, request: Request, *accepted: int) -> Response:
        """The answer, whose status is one of `accepted`. Raises RegistryError or Refused."""
        response = self.answer(request)
        if response.status not in accepted:
            raise self.refusal(request, response)
        return response

    def answer(self, request: Request) -> Response:
        """The answer, whatever its status, after authorising and trying again where that is safe."""
        credential = self._door.credential
        try:
            response = self._authorised(request)
        except RegistryError as error:
            if error.status not in REFUSED or not self._renewed(credential):
                raise
            return self._authorised(request)
        if response.status == 401 and self._renewed(credential):
            return self._authorised(request)
        self._good = self._good or response.status not in REFUSED
        return response

    def _renewed(self, refused: Credential) -> bool:
        """Is there another credential now than the one that was good and is refused?"""
        with self._asking:
            if self._door.credential is not refused:
                return True
            if not self._good:
                return False
            self._good = False
            another = self._renew()
            if another is None:
                return False
            self._door = replace(self._door, credential=another)
            self._grant = None
            return True

    def _authorised(self, request: Request) -> Response:
        while True:
            used = self._grant
            flow = token_flow(request, replace(self._door, monotonic=self.clock.monotonic()), used)
            asking = False
            try:
                step = next(flow)
                while True:
                    if isinstance(step, Grant):
                        self._granted(step)
                        step = next(flow)
                        continue
                    if step.token and not asking:
                        self._asking.acquire()
                        asking = True
                        if self._grant is not used:
                            break  # another thread has renewed it meanwhile: start over with that
                    step = flow.send(self._patient(step))
            except StopIteration as done:
                response: Response = done.value
                return response
            finally:
                if asking:
                    self._asking.release()
                flow.close()

    def read(self, request: Request) -> tuple[Response, Iterator[bytes]]:
        """A 200 answer whose body comes as it is read: for blobs. The right is obtained before."""
        attempt = 0
        while True:
            attempt += 1
            response, body = self._opened(self._bearing(request))
            wait = self.tries.after(response, attempt, self.clock)
            if wait is None:
                break
            for _ in body:
                pass
            self.clock.sleep(wait)
        if response.status != 200:
            raise self.refusal(request, replace(response, body=b"".join(body)))
        return response, body

    def _opened(self, request: Request) -> tuple[Response, Iterator[bytes]]:
        try:
            for _ in range(MOST_REDIRECTS):
                response, body = self._transport.stream(request)
                if response.status not in REDIRECTS:
                    break
                for _ in body:
                    pass
                request = self._onwards(request, response)
        except Broken as error:
            raise failure.unreachable(request, self._host, error) from error
        return response, self._told(request, body)

    def _told(self, request: Request, body: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from body
        except Broken as error:
            raise failure.unreachable(request, self._host, error) from error

    def refusal(self, request: Request, response: Response) -> CtrCiError:
        return failure.refusal(request, response, self.repository.host, self.repository.name)

    def _bearing(self, request: Request) -> Request:
        grant = self._grant
        own = origin(request.url) == origin(self._base)
        return request.bearing(grant.authorization if grant and own else None)

    def _granted(self, grant: Grant) -> None:
        self._grant = grant
        if grant.wider:
            self._say(f"{self._host} granted more than was asked: {', '.join(grant.wider)}")

    def _patient(self, request: Request) -> Response:
        return patient(request, self._redirected, self._host, self.clock, self.tries)

    def _redirected(self, request: Request) -> Response:
        for _ in range(MOST_REDIRECTS):
            response = self._transport.send(self._fenced(request))
            self._heed(response)
            if response.status not in REDIRECTS or not response.header("location") or request.token:
                return response
            request = self._onwards(request, response)
        raise Broken("it redirects in circles", lasting=True)

    def _onwards(self, request: Request, response: Response) -> Request:
        target = urljoin(request.url, response.header("location") or "")
        if origin(request.url)[0] == "https" and origin(target)[0] != "https":
            raise Broken("it redirects from https to http", lasting=True)
        method = request.method
        if response.status == 303 or (response.status in (301, 302) and method == "POST"):
            method = "GET" if method != "HEAD" else method
        return self._fenced(replace(request, url=target, method=method))

    def _fenced(self, request: Request) -> Request:
        """No secret goes to another host than the registry's own (the token service's apart)."""
        if request.token or origin(request.url) == origin(self._base):
            return request
        return replace(request, secret_headers=())

    def _heed(self, response: Response) -> None:
        for text in response.every("warning"):
            if found := re.match(r'299 \S+ "((?:[^"\\]|\\.)*)"', text):
                self._say(re.sub(r"\\(.)", r"\1", found[1])[:500])

    def _say(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            self._warn(text)


def patient(
    request: Request, send: Callable[[Request], Response], host: str, clock: Clock, tries: Tries = PATIENT
) -> Response:
    """Sends until an answer comes that is not worth another try. Raises RegistryError without one."""
    attempt = 0
    while True:
        attempt += 1
        try:
            response = send(request)
            wait = tries.after(response, attempt, clock)
        except Broken as error:
            hopeless = error.lasting or (error.absent and attempt >= MOST_KNOCKS)
            wait = None if hopeless else tries.after_break(attempt, clock)
            if wait is None or not request.again:
                raise failure.unreachable(request, host, error) from error
        else:
            if wait is None or not request.again:
                return response
        clock.sleep(wait)
