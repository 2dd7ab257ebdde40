"""A small token service as the distribution specification describes it, for registries in tests.

Signs JWTs (RS256, header `x5c`) that grant, for each scope asked, what the user may do of it;
remembers every scope that was asked for. GET with Basic, and POST with a password grant.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

EVERYTHING = frozenset({"pull", "push", "delete", "*"})


class TokenService:
    """Answers on a free loopback port until `stop`.

    `grants`: repository name -> actions that the user may do; a name that is not there: everything,
    unless `grants` has the key "" (its value is then the rest's). `anonymous` likewise, for nobody.
    `refuse_with` makes every request fail with that status.
    """

    service = "ctr-ci-testbed"
    issuer = "ctr-ci-testbed"

    def __init__(self, folder: Path, user: str, password: str, expires_in_s: int = 300) -> None:
        self.user, self.password, self.expires_in_s = user, password, expires_in_s
        self.grants: dict[str, frozenset[str]] = {}
        self.scopes_asked: list[str] = []
        self.logins_refused = 0
        self.refuse_with: int | None = None
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        certificate = _certificate(self._key)
        self._x5c = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
        self.certificate = folder / "token.crt"
        self.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.realm = f"http://127.0.0.1:{self._server.server_port}/token"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(
        self, query: Mapping[str, list[str]], login: tuple[str, str] | None
    ) -> tuple[int, dict[str, object]]:
        """The status and JSON body for a request's fields and its login."""
        scopes = [scope for value in query.get("scope", []) for scope in value.split()]
        self.scopes_asked += scopes
        if self.refuse_with is not None:
            return self.refuse_with, _error("UNAVAILABLE", "refused by the test")
        if login is not None and login != (self.user, self.password):
            self.logins_refused += 1
            return 401, _error("UNAUTHORIZED", "incorrect username or password")
        account = login[0] if login else ""
        token = self.sign(account, [self._granted(scope, account) for scope in scopes])
        now = datetime.now(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
        return 200, {
            "token": token,
            "access_token": token,
            "expires_in": self.expires_in_s,
            "issued_at": now,
        }

    def sign(self, account: str, access: list[dict[str, object]]) -> str:
        """A token that the registry accepts, for these access entries."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": account,
            "aud": self.service,
            "exp": now + self.expires_in_s,
            "nbf": now - 10,
            "iat": now,
            "jti": secrets.token_hex(16),
            "access": [entry for entry in access if entry["actions"]],
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"x5c": [self._x5c]})

    def _granted(self, scope: str, account: str) -> dict[str, object]:
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        may = self.grants.get(name, self.grants.get("", EVERYTHING)) if account else frozenset[str]()
        asked = actions.split(",")
        return {"type": kind, "name": name, "actions": [action for action in asked if action in may]}


def _error(code: str, message: str) -> dict[str, object]:
    return {"errors": [{"code": code, "message": message}]}


def _handler(service: TokenService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            login = _basic(self.headers.get("Authorization", ""))
            self._send(*service.answer(parse_qs(urlsplit(self.path).query), login))

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())
            login = (form.get("username", [""])[0], form.get("password", [""])[0])
            self._send(*service.answer(form, login))

        def _send(self, status: int, body: dict[str, object]) -> None:
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            """Quiet: the tests' own output matters."""

    return Handler


def _basic(header: str) -> tuple[str, str] | None:
    if not header.startswith("Basic "):
        return None
    user, _, password = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
    return user, password


def _certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ctr-ci testbed")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
