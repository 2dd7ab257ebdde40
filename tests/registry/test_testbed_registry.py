"""The test bed's registries: each kind lets in who may, and nobody else."""

from __future__ import annotations

import base64
import http.client
import json
import re
from typing import Protocol
from urllib.parse import urlsplit

import pytest

from testbed.registry import Auth, Registry


class StartRegistry(Protocol):
    def __call__(self, auth: Auth = "open", *, expires_in_s: int = 300) -> Registry: ...


def ask(host: str, path: str, authorization: str = "", method: str = "GET") -> tuple[int, str, bytes]:
    """Status, WWW-Authenticate and body."""
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.request(method, path, headers={"Authorization": authorization} if authorization else {})
    answer = connection.getresponse()
    result = answer.status, answer.headers.get("WWW-Authenticate", ""), answer.read()
    connection.close()
    return result


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def token(registry: Registry, scope: str, password: str | None = None) -> tuple[int, str]:
    assert registry.tokens
    realm = urlsplit(registry.tokens.realm)
    login = basic(registry.user, registry.password if password is None else password)
    status, _, body = ask(realm.netloc, f"{realm.path}?service=x&scope={scope}", login)
    return status, json.loads(body).get("token", "")


def test_an_open_registry_lets_everybody_in(registry: StartRegistry) -> None:
    assert ask(registry().host, "/v2/")[0] == 200


def test_a_password_registry_wants_the_password(registry: StartRegistry) -> None:
    closed = registry(auth="htpasswd")
    assert ask(closed.host, "/v2/")[0] == 401
    assert ask(closed.host, "/v2/", basic(closed.user, "wrong"))[0] == 401
    assert ask(closed.host, "/v2/", basic(closed.user, closed.password))[0] == 200


def test_a_token_registry_takes_a_token_for_its_repository_only(registry: StartRegistry) -> None:
    guarded = registry(auth="token")
    status, challenge, _ = ask(guarded.host, "/v2/app/blobs/uploads/", method="POST")
    assert status == 401
    assert re.search(r'scope="repository:app:(pull,push|push,pull)"', challenge)  # in either order
    status, bearer = token(guarded, "repository:app:pull,push")
    assert status == 200
    assert ask(guarded.host, "/v2/app/blobs/uploads/", f"Bearer {bearer}", "POST")[0] == 202
    assert ask(guarded.host, "/v2/other/blobs/uploads/", f"Bearer {bearer}", "POST")[0] == 401
    assert guarded.scopes_asked == ["repository:app:pull,push"]


def test_the_token_service_grants_no_more_than_the_user_may(registry: StartRegistry) -> None:
    guarded = registry(auth="token")
    assert guarded.tokens
    guarded.tokens.grants["app"] = frozenset({"pull"})
    _, bearer = token(guarded, "repository:app:pull,push")
    assert ask(guarded.host, "/v2/app/blobs/uploads/", f"Bearer {bearer}", "POST")[0] == 401
    assert ask(guarded.host, "/v2/app/tags/list", f"Bearer {bearer}")[0] == 404  # may look: nothing there


@pytest.mark.parametrize("password", ["", "wrong", "correct horse"])
def test_the_token_service_refuses_a_wrong_password(registry: StartRegistry, password: str) -> None:
    assert token(registry(auth="token"), "repository:app:pull", password)[0] == 401


def test_a_token_expires(registry: StartRegistry) -> None:
    guarded = registry(auth="token", expires_in_s=-120)
    _, bearer = token(guarded, "repository:app:pull,push")
    assert ask(guarded.host, "/v2/app/blobs/uploads/", f"Bearer {bearer}", "POST")[0] == 401


def test_a_stopped_registry_leaves_nothing(registry: StartRegistry) -> None:
    started = registry()
    started.stop()
    assert not started.folder.exists()
    with pytest.raises(OSError, match="refused"):
        ask(started.host, "/v2/")
