"""What is said to a registry and what it answers, as values.

Secrets travel in `secret_headers` and `Secret` bodies, so that no `repr` of a request shows one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlsplit

from ctr_ci.secret import Secret

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Upload:
    """A body that can be read as often as need be: `open` gives its blocks from a byte on. What is
    sent are the bytes from `start` to `size`."""

    size: int
    open: Callable[[int], Iterator[bytes]] = field(repr=False)
    start: int = 0

    def blocks(self) -> Iterator[bytes]:
        left = self.size - self.start
        for block in self.open(self.start):
            if left <= 0:
                return
            yield block[:left]
            left -= len(block)


@dataclass(frozen=True, slots=True)
class Request:
    """`token` marks the talk with a token service; `again` says that the same bytes may be sent
    twice without harm. `timeout_s` bounds the wait for the answer."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes | Secret | Upload = b""
    secret_headers: tuple[tuple[str, Secret], ...] = ()
    token: bool = False
    again: bool = True
    timeout_s: float = 60.0

    @property
    def query(self) -> dict[str, str]:
        """The query's fields; the last one counts where a name comes twice."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    def bearing(self, authorization: Secret | None) -> Request:
        return replace(self, secret_headers=(("Authorization", authorization),)) if authorization else self


@dataclass(frozen=True, slots=True)
class Response:
    """`headers` with lower-case names; `url` is where the answer came from, after redirects."""

    status: int
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)
    url: str = ""

    def header(self, name: str) -> str | None:
        """The first header of that name (given in lower case)."""
        return next((text for key, text in self.headers if key == name), None)

    def every(self, name: str) -> tuple[str, ...]:
        return tuple(text for key, text in self.headers if key == name)


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: where a credential may go, and no further."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def redact(url: str) -> str:
    """The URL without what may be a capability: query, fragment, user."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def loopback(host: str) -> bool:
    """Does this host name or address mean this machine, whatever a resolver says?"""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    from ipaddress import ip_address

    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
