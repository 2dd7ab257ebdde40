"""The registries of the clouds, as far as a push sees them: whom a job must be to get in.

One TLS server speaks for all their hosts; what a credential opens goes on to a real registry. Each
service answers only what its documentation says that it wants, and notes what it was asked.
"""

from __future__ import annotations

import http.client
import json
import threading
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from testbed.certificates import Authority

IDENTITY_HOST = "pipelines.test"
SUBJECT = "repo:o/r:environment:prod"
HOP = {"connection", "transfer-encoding", "host"}

Fields = dict[str, str]
Answer = tuple[int, object]  # a status, and JSON or text


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to a service; `fields`: of its query, and of its form or JSON body."""

    host: str
    path: str
    fields: Fields
    authorization: str

    def login(self) -> tuple[str, str]:
        """User and password of Basic, ("", "") without."""
        kind, _, pair = self.authorization.partition(" ")
        user, _, password = b64decode(pair).decode().partition(":") if kind == "Basic" else ("", "", "")
        return user, password


@dataclass
class Cloud:
    """A registry at `host`, whose token service is `realm` ("": it wants Basic) and lets `login` in.
    `services`: what else answers, by the beginning of host and path. `count` numbers what is given
    out, so that `expire` can make all of it void."""

    host: str
    realm: str
    upstream: str
    services: dict[str, Callable[[Asked], Answer]] = field(default_factory=dict)
    login: Callable[[], tuple[str, str]] = lambda: ("", "")
    asked: list[Asked] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    audiences: list[str] = field(default_factory=list)
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    count: int = 1
    expire_at: int = 0  # the number of a request to the registry before which all that was given out ends

    @property
    def bearer(self) -> str:
        return f"bearer-{self.count}"

    def identity(self, audience: str) -> str:
        """A job's JWT, as far as anybody here reads it."""
        claims = {"sub": SUBJECT, "aud": audience, "iss": "https://token.actions.githubusercontent.com"}
        parts = (json.dumps({"alg": "none"}), json.dumps(claims), "signature")
        return ".".join(urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)

    def service(self, asked: Asked) -> Answer | None:
        """What a service says; None where the request is one to the registry."""
        if asked.host == IDENTITY_HOST:
            if asked.authorization != "Bearer request-token":
                return 401, {}
            self.audiences.append(asked.fields["audience"])
            return 200, {"value": self.identity(asked.fields["audience"])}
        place = asked.host + asked.path
        if self.realm and f"https://{place}" == self.realm:
            self.asked.append(asked)
            given = asked.login()
            if asked.fields.get("grant_type") == "refresh_token":
                given = given[0], asked.fields["refresh_token"]
            if given != self.login():
                return 401, {"errors": [{"code": "UNAUTHORIZED", "message": f"{given} is not welcome"}]}
            self.scopes.append(asked.fields.get("scope", ""))
            return 200, {"access_token": self.bearer, "expires_in": 300}
        for begins, answer in self.services.items():
            if place.startswith(begins):
                self.asked.append(asked)
                return answer(asked)
        return None

    def admits(self, authorization: str) -> bool:
        if len(self.seen) == self.expire_at and self.expire_at:
            self.count += 1
        if self.realm:
            return authorization == f"Bearer {self.bearer}"
        pair = ":".join(self.login()).encode()
        return authorization == f"Basic {b64encode(pair).decode()}"

    @property
    def challenge(self) -> str:
        # The scope offered is wider than any that may be asked for.
        return (
            f'Bearer realm="{self.realm}",service="s",scope="repository:*:*"'
            if self.realm
            else 'Basic realm="r"'
        )


class Front:
    """The TLS server of one cloud. Every name of `names` must be in its certificate."""

    def __init__(self, cloud: Cloud, authority: Authority, *names: str) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(cloud))
        context = authority.server(*names)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.host = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(cloud: Cloud) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            parts = urlsplit(self.path)
            fields = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            kind = self.headers.get("Content-Type", "")
            if "urlencoded" in kind:
                fields |= {name: values[-1] for name, values in parse_qs(body.decode()).items()}
            elif kind.startswith("application/json"):
                fields |= {name: str(value) for name, value in json.loads(body).items()}
            authorization = self.headers.get("Authorization", "")
            asked = Asked(self.headers["Host"], parts.path, fields, authorization)
            said = cloud.service(asked)
            if said is not None:
                text = said[1] if isinstance(said[1], str) else json.dumps(said[1])
                self._say(said[0], (("Content-Type", "application/json"),), text.encode())
                return
            admitted = cloud.admits(authorization)
            cloud.seen.append((self.command, self.path, authorization))
            if not admitted:
                self._say(401, (("WWW-Authenticate", cloud.challenge),), b"{}")
                return
            connection = http.client.HTTPConnection(cloud.upstream)
            kept = {name: text for name, text in self.headers.items() if name.lower() not in HOP}
            kept.pop("Authorization", None)
            connection.request(self.command, self.path, body, kept)
            answer = connection.getresponse()
            headers = tuple(
                (k, v) for k, v in answer.getheaders() if k.lower() not in (*HOP, "content-length", "date")
            )
            self._say(answer.status, headers, answer.read(), answer.getheader("Content-Length"))
            connection.close()

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

        def _say(
            self, status: int, headers: tuple[tuple[str, str], ...], body: bytes, length: str | None = None
        ) -> None:
            self.send_response(status)
            for name, text in headers:
                self.send_header(name, text)
            self.send_header("Content-Length", length or str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet: the tests' own output matters."""

    return Handler
