"""How a credential becomes the right to one thing: Basic, and bearer tokens of a token service.

Pure: `token_flow` yields what to send and is sent the answers. The scope asked for is always the
caller's, never what a challenge offers; a secret goes over https (or loopback) to the registry's
own host, or to the token host known to belong to it, and nowhere else. Sources: distribution
`spec/auth/{token,oauth,scope}.md`; RFC 9110 §11.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Generator
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from ctr_ci.oci import Object
from ctr_ci.problem import InputError, Problem
from ctr_ci.registry.failure import RegistryError
from ctr_ci.registry.http import Request, Response, loopback, redact
from ctr_ci.secret import Secret

CLIENT = "ctr-ci"
# registry -> the host of its token service, where it is another one (publishing.md §2.3).
TOKEN_HOSTS = {
    "registry-1.docker.io": "auth.docker.io",
    "registry.gitlab.com": "gitlab.com",
}
SHORTEST_S = 60.0  # token.md: a token lives at least that long, whatever the answer says
EARLY_S = 10.0  # renewed this long before its end


@dataclass(frozen=True, slots=True)
class Anonymous:
    pass


@dataclass(frozen=True, slots=True)
class Password:
    """User and password; kept for the token service, or for a registry that wants Basic."""

    user: str
    password: Secret


@dataclass(frozen=True, slots=True)
class Identity:
    """A refresh token (docker's `identitytoken`), good for asking for access tokens."""

    token: Secret
    user: str = "<token>"


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token made elsewhere: sent as it is, no token service is asked."""

    token: Secret


Credential = Anonymous | Password | Identity | Bearer


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge of `WWW-Authenticate`; scheme and names in lower case."""

    scheme: str
    fields: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        return dict(self.fields).get(name, "")


@dataclass(frozen=True, slots=True)
class Grant:
    """The right obtained: the header that carries it, and until when (monotonic seconds).
    `wider` names rights that the service says it gave beyond those asked for."""

    authorization: Secret
    expires: float | None = None
    challenge: Challenge | None = None
    wider: tuple[str, ...] = ()

    def stale(self, monotonic: float) -> bool:
        return self.expires is not None and monotonic >= self.expires


@dataclass(frozen=True, slots=True)
class Door:
    """What a flow needs to know: the registry's host, the scopes that are ours, the credential,
    token hosts that the user has named, and the monotonic time."""

    host: str
    scopes: tuple[str, ...]
    credential: Credential
    trusted: frozenset[str] = frozenset()
    monotonic: float = 0.0


def challenges(response: Response) -> tuple[Challenge, ...]:
    """The challenges of an answer, in order; several may stand in one header."""
    found: list[Challenge] = []
    for text in response.every("www-authenticate"):
        rest = text
        while word := re.match(r"[\s,]*([A-Za-z][\w.+-]*)(?:\s+|\s*$)(?!=)", rest):
            rest = rest[word.end() :]
            fields = []
            while pair := re.match(r'[\s,]*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))', rest):
                rest = rest[pair.end() :]
                quoted = pair[2] if pair[2] is not None else pair[3]
                fields.append((pair[1].lower(), re.sub(r"\\(.)", r"\1", quoted)))
            found.append(Challenge(word[1].lower(), tuple(fields)))
    return tuple(found)


def token_flow(
    request: Request, door: Door, grant: Grant | None = None
) -> Generator[Request | Grant, Response | None, Response]:
    """The talk that gets `request` answered.

    Yields requests (to be sent the answer) and, once, the `Grant` it obtained (to be sent None, or
    whatever). Returns the last answer: still a 401 or 403 where the right is lacking. A grant
    refused by the registry is renewed once. Raises RegistryError where the token service refuses
    the credentials or cannot be trusted with them.
    """
    if grant and grant.stale(door.monotonic) and grant.challenge and _renewable(door):
        grant = yield from _ask(grant.challenge, door, request)
        yield grant
    response = yield request.bearing(grant.authorization if grant else None)
    assert response is not None
    if response.status != 401:
        return response
    offered = challenges(response)
    bearer = next((one for one in offered if one.scheme == "bearer"), None)
    basic = next((one for one in offered if one.scheme == "basic"), None)
    fresh: Grant | None = None
    if bearer and bearer.get("error") == "insufficient_scope" and grant:
        return response
    if bearer and isinstance(door.credential, Bearer):
        fresh = None if grant else Grant(Secret(f"Bearer {door.credential.token.reveal()}", "bearer"))
    elif bearer:
        fresh = yield from _ask(bearer, door, request)
    elif basic and not grant and isinstance(door.credential, Password):
        fresh = Grant(_basic(door.credential.user, door.credential.password))
    if fresh is None:
        return response
    yield fresh
    answer = yield request.bearing(fresh.authorization)
    assert answer is not None
    return answer


def _renewable(door: Door) -> bool:
    return not isinstance(door.credential, Bearer)


def _ask(
    challenge: Challenge, door: Door, request: Request
) -> Generator[Request | Grant, Response | None, Grant]:
    """Asks the token service of `challenge` for the scopes of `door`."""
    realm = challenge.get("realm")
    _check_realm(realm, door, request)
    host = urlsplit(realm).netloc
    service = challenge.get("service")
    credential = door.credential
    answer: Response | None = None
    if isinstance(credential, Identity):
        answer = yield _post(realm, service, door.scopes, credential)
    if answer is None or answer.status in (404, 405):
        answer = yield _get(realm, service, door.scopes, credential)
    assert answer is not None
    if answer.status in (400, 401, 403):
        anonymous = isinstance(credential, Anonymous)
        raise _refused(
            request,
            answer,
            f"{host} gives no token without credentials" if anonymous else f"credentials refused by {host}",
            "`--credential env:USER:VARIABLE` takes the password from a variable"
            if anonymous
            else "are user and password right, and may this user push there?",
        )
    if answer.status != 200:
        raise _refused(request, answer, f"token service {host} answered {answer.status}", "try again later")
    return _grant(answer, challenge, door, request, host)


def _grant(answer: Response, challenge: Challenge, door: Door, request: Request, host: str) -> Grant:
    try:
        found = Object.parse(answer.body, f"the answer of token service {host}")
        token = found.text("token", "") or found.text("access_token", "")
        life = float(found.number("expires_in")) if found.has("expires_in") else SHORTEST_S
        scope = found.text("scope", "")
    except InputError as error:
        raise _refused(request, answer, f"token service {host} answers no token", "") from error
    if not token:
        raise _refused(request, answer, f"token service {host} answers no token", "")
    return Grant(
        Secret(f"Bearer {token}", "bearer"),
        door.monotonic + max(life, SHORTEST_S) - EARLY_S,
        challenge,
        tuple(one for one in scope.split() if one not in door.scopes),
    )


def _get(realm: str, service: str, scopes: tuple[str, ...], credential: Credential) -> Request:
    fields = [("service", service)] if service else []
    fields += [("scope", scope) for scope in scopes]
    fields.append(("client_id", CLIENT))
    if isinstance(credential, Password):
        fields.append(("account", credential.user))
    joint = "&" if urlsplit(realm).query else "?"
    url = realm + joint + urlencode(fields, quote_via=quote, safe=":,/")
    asked = Request("GET", url, (("Accept", "application/json"),), token=True)
    if isinstance(credential, Password):
        return asked.bearing(_basic(credential.user, credential.password))
    if isinstance(credential, Identity):
        return asked.bearing(_basic(credential.user, credential.token))
    return asked


def _post(realm: str, service: str, scopes: tuple[str, ...], credential: Identity) -> Request:
    form = {
        "grant_type": "refresh_token",
        "service": service,
        "client_id": CLIENT,
        "scope": " ".join(scopes),
        "refresh_token": credential.token.reveal(),
    }
    return Request(
        "POST",
        realm,
        (("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")),
        Secret(urlencode(form), "token request"),
        token=True,
    )


def _basic(user: str, password: Secret) -> Secret:
    pair = f"{user}:{password.reveal()}".encode("utf-8", "surrogateescape")
    return Secret(f"Basic {b64encode(pair).decode()}", "basic")


def _check_realm(realm: str, door: Door, request: Request) -> None:
    """The registry names the realm, so a false one could lure a secret away (CVE-2020-15157)."""
    parts = urlsplit(realm)
    host = parts.hostname or ""
    own = urlsplit(f"//{door.host}").hostname or ""
    if parts.scheme not in ("https", "http") or not host:
        raise _refused(request, None, f"{door.host} names no token service ({realm[:80]!r})", "")
    if isinstance(door.credential, Anonymous):
        return
    if parts.scheme == "http" and not (loopback(host) and loopback(own)):
        raise _refused(
            request,
            None,
            f"{door.host} wants the password sent unencrypted to {parts.netloc}",
            "the token service must use https",
        )
    known = {own, TOKEN_HOSTS.get(own, own), *door.trusted}
    if host not in known and not (loopback(host) and loopback(own)):
        raise _refused(
            request,
            None,
            f"{door.host} wants the password sent to another host, {host}",
            f"if {host} is its token service, say so: `--token-host {host}`",
        )


def _refused(request: Request, answer: Response | None, found: str, help: str) -> RegistryError:
    where = redact(answer.url) if answer and answer.url else ""
    status = answer.status if answer else 0
    shown = Request(request.method, where or request.url)
    return RegistryError(shown, status, "UNAUTHORIZED", retry=False, problem=Problem(found, help=help))
