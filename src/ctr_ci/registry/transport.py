"""The wire: one request out, its answer in, over connections that are kept (`http.client`).

Not `requests`: that costs 0.2 s to import, a publish of an unchanged image takes less, and only at
this level can an answer be read that comes while we still send (a registry that says 404 and hangs
up must not be told as "broken pipe"). Knows no tokens, follows no redirects, retries nothing but a
kept connection that had gone stale. The only module that sends a revealed secret.
"""

from __future__ import annotations

import http.client
import io
import select
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from urllib.parse import unquote, urlsplit

from ctr_ci.oci import LARGEST
from ctr_ci.problem import InputError, Problem
from ctr_ci.registry.failure import Broken
from ctr_ci.registry.http import Request, Response, Upload, loopback, origin
from ctr_ci.secret import Secret

CONNECT_S = 15.0
PIECE = 256 * 1024
Origin = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom TLS believes: `ca_file` adds authorities to the system's, `client_cert` and `client_key`
    say who we are."""

    ca_file: str = ""
    client_cert: str = ""
    client_key: str = ""


SYSTEM = Trust()


class Transport:
    """Connections to any number of hosts, kept for reuse; good for several threads at once.

    `environment` is where HTTPS_PROXY, HTTP_PROXY and NO_PROXY are looked up; this machine itself
    is never asked for through a proxy.
    """

    def __init__(
        self, trust: Trust = SYSTEM, environment: Mapping[str, str] = {}, agent: str = "ctr-ci"
    ) -> None:
        self._trust = trust
        self._environment = environment
        self._agent = agent
        self._idle: dict[Origin, list[http.client.HTTPConnection]] = {}
        self._lock = Lock()
        self._context: ssl.SSLContext | None = None
        self._closed = False

    def send(self, request: Request) -> Response:
        """The answer, its body read (up to 4 MiB). Raises Broken where none came."""
        with self._exchange(request) as answer:
            body = answer.read(LARGEST + 1)
            if len(body) > LARGEST:
                raise Broken(f"an answer of over {LARGEST} bytes", lasting=True)
            return answer.head(body)

    def stream(self, request: Request) -> tuple[Response, Iterator[bytes]]:
        """The answer's head, and its body as it comes; the connection is free again at its end."""
        exchange = self._exchange(request)
        answer = exchange.__enter__()

        def pieces() -> Iterator[bytes]:
            with exchange:
                while piece := answer.read(PIECE):
                    yield piece

        return answer.head(b""), pieces()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, {}
        for connection in (one for kept in idle.values() for one in kept):
            connection.close()

    def _exchange(self, request: Request) -> _Exchange:
        place = origin(request.url)
        while True:
            connection = self._kept(place)
            stale = connection is not None
            try:
                answer, whole = _talk(connection or self._connect(place), request, self._agent)
            except (OSError, http.client.HTTPException) as error:
                # A kept connection may have been closed by the other side in the meantime. But where a
                # blob broke off, its session must be asked first how much it holds.
                if stale and not isinstance(error, TimeoutError) and not isinstance(request.body, Upload):
                    continue
                raise _broken(error) from error
            return _Exchange(self, place, answer, whole, request.url)

    def _kept(self, place: Origin) -> http.client.HTTPConnection | None:
        """A connection that is there already, and that the other side has not visibly closed."""
        while True:
            with self._lock:
                kept = self._idle.get(place)
                connection = kept.pop() if kept else None
            if connection is None or not (connection.sock is None or _answered(connection.sock)):
                return connection
            connection.close()

    def keep(self, place: Origin, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if not self._closed:
                self._idle.setdefault(place, []).append(connection)
                return
        connection.close()

    def _connect(self, place: Origin) -> http.client.HTTPConnection:
        scheme, host, port = place
        proxy = self._proxy(place)
        near = (proxy[0], proxy[1]) if proxy else (host, port)
        if scheme == "https":
            made: http.client.HTTPConnection = http.client.HTTPSConnection(
                *near, timeout=CONNECT_S, context=self._tls()
            )
        else:
            made = http.client.HTTPConnection(*near, timeout=CONNECT_S)
        if proxy:
            made.set_tunnel(host, port, {name: secret.reveal() for name, secret in proxy[2]})
        made.response_class = _Answer
        made.connect()
        assert made.sock is not None
        made.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def _tls(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                self._context = _context(self._trust)
            return self._context

    def _proxy(self, place: Origin) -> tuple[str, int, tuple[tuple[str, Secret], ...]] | None:
        scheme, host, port = place
        url = self._variable(f"{scheme}_proxy")
        if not url or loopback(host) or _excepted(self._variable("no_proxy"), host, port):
            return None
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if not parts.hostname or parts.scheme != "http":
            raise InputError(
                Problem(f"{scheme.upper()}_PROXY names no http proxy", expected="http://HOST:PORT")
            )
        headers: tuple[tuple[str, Secret], ...] = ()
        if parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            headers = (("Proxy-Authorization", Secret(f"Basic {b64encode(pair).decode()}", "proxy")),)
        return parts.hostname, parts.port or 80, headers

    def _variable(self, name: str) -> str:
        return self._environment.get(name) or self._environment.get(name.upper(), "")


class _Exchange:
    """One answer being read; gives the connection back when it was read to its end."""

    def __init__(
        self,
        transport: Transport,
        place: Origin,
        answer: tuple[http.client.HTTPConnection, http.client.HTTPResponse],
        whole: bool,
        url: str,
    ) -> None:
        self._transport = transport
        self._place = place
        self._connection, self._response = answer
        self._whole = whole
        self._url = url

    def __enter__(self) -> _Exchange:
        return self

    def __exit__(self, *_: object) -> None:
        if self._whole and self._response.isclosed() and not self._response.will_close:
            self._transport.keep(self._place, self._connection)
        else:
            self._connection.close()

    def read(self, size: int) -> bytes:
        try:
            piece = self._response.read(size)
        except (OSError, http.client.HTTPException) as error:
            raise _broken(error) from error
        if len(piece) < size and self._response.length:
            raise Broken("the answer was cut off")
        return piece

    def head(self, body: bytes) -> Response:
        headers = tuple((name.lower(), text) for name, text in self._response.getheaders())
        return Response(self._response.status, headers, body, self._url)


class _Answer(http.client.HTTPResponse):
    """The library takes a head that is cut off for a whole one; a digest in it would be cut too."""

    def begin(self) -> None:
        wire, watched = self.fp, _Lines(self.fp)
        self.fp = watched  # type: ignore[assignment]  # the head is read by lines alone
        super().begin()
        if watched.last not in (b"\r\n", b"\n"):
            raise http.client.RemoteDisconnected("the answer's head was cut off")
        self.fp = wire


class _Lines:
    def __init__(self, wire: io.BufferedReader) -> None:
        self._wire = wire
        self.last = b""

    def readline(self, size: int) -> bytes:
        self.last = self._wire.readline(size)
        return self.last

    def close(self) -> None:
        self._wire.close()

    def flush(self) -> None:
        """Nothing to do; the library calls it when an answer is dropped."""


def _talk(
    connection: http.client.HTTPConnection, request: Request, agent: str
) -> tuple[tuple[http.client.HTTPConnection, http.client.HTTPResponse], bool]:
    """Sends and waits for the answer's head; tells whether the whole request had gone out by then."""
    wire = connection.sock
    assert wire is not None
    wire.settimeout(request.timeout_s)
    try:
        whole = _say(connection, request, agent)
        try:
            response = connection.getresponse()
        except (OSError, http.client.HTTPException):
            if not isinstance(whole, OSError):
                raise
            raise whole from None
        return (connection, response), whole is True
    except BaseException:
        connection.close()
        raise


def _say(connection: http.client.HTTPConnection, request: Request, agent: str) -> bool | OSError:
    """True where all was sent, False where an answer came first, the error where sending broke:
    then an answer may have come all the same."""
    parts = urlsplit(request.url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.putrequest(request.method, path, skip_accept_encoding=True)
    connection.putheader("User-Agent", agent)
    for name, text in request.headers:
        connection.putheader(name, text)
    for name, secret in request.secret_headers:
        connection.putheader(name, secret.reveal())
    body = request.body.reveal().encode() if isinstance(request.body, Secret) else request.body
    if isinstance(body, bytes):
        if body or request.method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(body)))
        try:
            connection.endheaders(body or None)
        except OSError as error:
            return error
        return True
    connection.putheader("Content-Length", str(body.size - body.start))
    connection.endheaders()
    return _pour(connection.sock, body)


def _pour(wire: socket.socket, body: Upload) -> bool | OSError:
    sent = 0
    for piece in body.blocks():
        if _answered(wire):
            return False
        try:
            wire.sendall(piece)
        except OSError as error:
            return error
        sent += len(piece)
    if sent != body.size - body.start:
        raise ConnectionError(f"{sent} of {body.size - body.start} bytes to send were there")
    return True


def _answered(wire: socket.socket) -> bool:
    if isinstance(wire, ssl.SSLSocket) and wire.pending():
        return True
    return bool(select.select([wire], [], [], 0)[0])


def _broken(error: OSError | http.client.HTTPException) -> Broken:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Broken(f"its certificate is not trusted ({error.verify_message})", lasting=True)
    if isinstance(error, socket.gaierror):
        return Broken(f"no address for that name ({error.strerror})", absent=True)
    if isinstance(error, TimeoutError):
        return Broken("no answer in time")
    if isinstance(error, ssl.SSLError):
        return Broken(f"TLS failed ({error.reason or 'unknown reason'})")
    if isinstance(error, ConnectionRefusedError):
        return Broken("connection refused", absent=True)
    if isinstance(error, OSError):
        return Broken((error.strerror or str(error) or "the connection broke").lower())
    return Broken("the connection was closed before an answer came")


def _context(trust: Trust) -> ssl.SSLContext:
    made = ssl.create_default_context()
    try:
        if trust.ca_file:
            made.load_verify_locations(trust.ca_file)
        if trust.client_cert:
            made.load_cert_chain(trust.client_cert, trust.client_key or None)
    except OSError as error:
        where = trust.client_cert if trust.ca_file == "" else trust.ca_file
        raise InputError(
            Problem(f"a certificate that cannot be used ({error.strerror or error})", path=where)
        ) from error
    return made


def _excepted(names: str, host: str, port: int) -> bool:
    """NO_PROXY: names, `.suffixes`, `host:port` or `*`, separated by commas."""
    for name in filter(None, (part.strip().lower() for part in names.split(","))):
        bare, _, only = name.partition(":")
        if only and only != str(port):
            continue
        bare = bare.removeprefix("*").lstrip(".")
        if name == "*" or host == bare or host.endswith(f".{bare}"):
            return True
    return False
