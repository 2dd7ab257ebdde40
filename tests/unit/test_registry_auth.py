"""The talk that turns a credential into a right, scripted: no network, no clock."""

from __future__ import annotations

from base64 import b64decode

import pytest

from ctr_ci.oci import Repository
from ctr_ci.problem import CtrCiError
from ctr_ci.registry.auth import (
    Anonymous,
    Bearer,
    Credential,
    Door,
    Grant,
    Identity,
    Password,
    challenges,
    token_flow,
)
from ctr_ci.registry.http import Request, Response
from ctr_ci.secret import Secret

HEAD = Request("HEAD", "https://r.example/v2/team/app/blobs/sha256:0")
SCOPE = "repository:team/app:pull,push"
LOGIN = Password("ci", Secret("hunter22"))


def door(credential: Credential = LOGIN, *scopes: str, host: str = "r.example", at: float = 0.0) -> Door:
    return Door(host, scopes or (SCOPE,), credential, monotonic=at)


def challenge(text: str, status: int = 401) -> Response:
    return Response(status, (("www-authenticate", text),))


def bearer(realm: str = "https://r.example/token", **more: str) -> Response:
    extra = "".join(f',{name}="{text}"' for name, text in more.items())
    return challenge(f'Bearer realm="{realm}",service="r.example"{extra}')


def token(body: bytes = b'{"token":"T1"}', status: int = 200) -> Response:
    return Response(status, (), body)


def header(request: object) -> str:
    assert isinstance(request, Request)
    return dict(request.secret_headers)["Authorization"].reveal()


def asked(request: object) -> Request:
    assert isinstance(request, Request)
    return request


def test_the_token_asks_for_our_scope_whatever_the_challenge_says() -> None:
    flow = token_flow(HEAD, door())
    assert next(flow) == HEAD
    wanted = asked(flow.send(bearer(scope="repository:*:*")))
    assert wanted.query["scope"] == SCOPE
    assert wanted.query["service"] == "r.example"
    assert wanted.url.count("scope=") == 1
    assert b64decode(header(wanted).removeprefix("Basic ")) == b"ci:hunter22"


def test_the_request_is_repeated_with_the_token_as_it_came() -> None:
    flow = token_flow(HEAD, door())
    next(flow)
    flow.send(bearer())
    assert isinstance(flow.send(token(b'{"access_token":"not.a-jwt"}')), Grant)
    assert header(next(flow)) == "Bearer not.a-jwt"
    with pytest.raises(StopIteration) as done:
        flow.send(Response(200))
    assert done.value.value.status == 200


def test_two_scopes_are_two_parameters_on_get_and_one_field_on_post() -> None:
    flow = token_flow(HEAD, door(LOGIN, SCOPE, "repository:base:pull"))
    next(flow)
    assert asked(flow.send(bearer())).url.count("scope=repository:") == 2
    flow = token_flow(HEAD, door(Identity(Secret("refresh1")), SCOPE, "repository:base:pull"))
    next(flow)
    wanted = asked(flow.send(bearer()))
    assert wanted.method == "POST"
    assert isinstance(wanted.body, Secret)
    form = wanted.body.reveal()
    assert "scope=repository%3Ateam%2Fapp%3Apull%2Cpush+repository%3Abase%3Apull" in form
    assert "grant_type=refresh_token" in form
    assert "refresh_token=refresh1" in form


@pytest.mark.parametrize("status", [404, 405])
def test_a_token_service_without_post_is_asked_by_get(status: int) -> None:
    flow = token_flow(HEAD, door(Identity(Secret("refresh1"))))
    next(flow)
    flow.send(bearer())
    wanted = asked(flow.send(Response(status)))
    assert wanted.method == "GET"
    assert wanted.query["scope"] == SCOPE


def test_a_refused_login_names_the_host_and_not_the_answer() -> None:
    flow = token_flow(HEAD, door())
    next(flow)
    flow.send(bearer())
    with pytest.raises(CtrCiError, match=r"credentials refused by r\.example") as error:
        flow.send(Response(401, (), b"bad password hunter22"))
    assert "hunter22" not in str(error.value)


def test_insufficient_scope_ends_the_talk() -> None:
    flow = token_flow(HEAD, door(), Grant(Secret("Bearer T0")))
    next(flow)
    with pytest.raises(StopIteration) as done:
        flow.send(bearer(error="insufficient_scope"))
    assert done.value.value.status == 401


def test_an_invalid_token_is_renewed_once_and_no_more() -> None:
    flow = token_flow(HEAD, door(), Grant(Secret("Bearer T0")))
    assert header(next(flow)) == "Bearer T0"
    flow.send(bearer(error="invalid_token"))
    flow.send(token(b'{"token":"T2"}'))
    assert header(next(flow)) == "Bearer T2"
    with pytest.raises(StopIteration) as done:
        flow.send(bearer(error="invalid_token"))
    assert done.value.value.status == 401


def test_a_token_is_renewed_before_it_ends_by_our_own_clock() -> None:
    flow = token_flow(HEAD, door(at=100.0))
    next(flow)
    flow.send(bearer())
    grant = flow.send(token(b'{"token":"T","expires_in":300,"issued_at":"1999-01-01T00:00:00Z"}'))
    assert isinstance(grant, Grant)
    assert not grant.stale(380.0)
    assert grant.stale(391.0)
    first = asked(next(token_flow(HEAD, door(at=391.0), grant)))
    assert first.url.startswith("https://r.example/token?")


def test_a_life_below_a_minute_counts_as_a_minute() -> None:
    flow = token_flow(HEAD, door(at=0.0))
    next(flow)
    flow.send(bearer())
    grant = flow.send(token(b'{"token":"T","expires_in":5}'))
    assert isinstance(grant, Grant)
    assert not grant.stale(45.0)


def test_a_static_token_is_sent_as_it_is_and_no_service_is_asked() -> None:
    flow = token_flow(HEAD, door(Bearer(Secret("mine"))))
    next(flow)
    assert isinstance(flow.send(bearer(realm="https://elsewhere.example/token")), Grant)
    assert header(next(flow)) == "Bearer mine"
    with pytest.raises(StopIteration):
        flow.send(bearer())


def test_basic_goes_to_the_registry_itself_once() -> None:
    flow = token_flow(HEAD, door())
    next(flow)
    assert isinstance(flow.send(challenge('Basic realm="x"')), Grant)
    assert b64decode(header(next(flow)).removeprefix("Basic ")) == b"ci:hunter22"
    with pytest.raises(StopIteration):
        flow.send(challenge('Basic realm="x"'))


@pytest.mark.parametrize(
    "realm", ["https://evil.example/token", "https://r.example.evil.com/t", "https://r.example@evil.example/"]
)
def test_a_foreign_realm_gets_no_secret_and_is_named(realm: str) -> None:
    flow = token_flow(HEAD, door())
    next(flow)
    with pytest.raises(CtrCiError, match=r"another host, .*evil"):
        flow.send(bearer(realm=realm))


def test_a_realm_that_the_user_named_is_trusted() -> None:
    told = Door("r.example", (SCOPE,), LOGIN, frozenset({"auth.example"}))
    flow = token_flow(HEAD, told)
    next(flow)
    assert asked(flow.send(bearer(realm="https://auth.example/token"))).token


def test_the_token_host_of_docker_hub_is_known() -> None:
    flow = token_flow(HEAD, door(host="registry-1.docker.io"))
    next(flow)
    assert asked(flow.send(bearer(realm="https://auth.docker.io/token"))).token


@pytest.mark.parametrize("realm", ["http://r.example/token", "http://127.0.0.1/token"])
def test_an_unencrypted_realm_gets_no_secret(realm: str) -> None:
    flow = token_flow(HEAD, door())
    next(flow)
    with pytest.raises(CtrCiError, match="unencrypted"):
        flow.send(bearer(realm=realm))


def test_a_realm_without_a_host_is_refused() -> None:
    flow = token_flow(HEAD, door())
    next(flow)
    with pytest.raises(CtrCiError, match="names no token service"):
        flow.send(challenge('Bearer service="x"'))


def test_nobody_asks_for_a_token_without_a_login() -> None:
    flow = token_flow(HEAD, door(Anonymous()))
    next(flow)
    assert asked(flow.send(bearer())).secret_headers == ()


def test_a_grant_wider_than_asked_is_noted() -> None:
    flow = token_flow(HEAD, door())
    next(flow)
    flow.send(bearer())
    grant = flow.send(token(b'{"token":"T","scope":"repository:team/app:pull,push registry:catalog:*"}'))
    assert isinstance(grant, Grant)
    assert grant.wider == ("registry:catalog:*",)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"token":5}', b"{}", b'{"token":""}', b"<html>" + b"x" * 2000, b"[" * 100_000]
)
def test_an_answer_without_a_token_is_told(body: bytes) -> None:
    flow = token_flow(HEAD, door())
    next(flow)
    flow.send(bearer())
    with pytest.raises(CtrCiError, match="answers no token"):
        flow.send(token(body))


def test_challenges_are_read_in_any_case_and_several_in_one_header() -> None:
    found = challenges(challenge('bearer REALM="https://a/t,x", Service=s, scope="a b", Basic realm="q\\"q"'))
    assert [one.scheme for one in found] == ["bearer", "basic"]
    assert found[0].get("realm") == "https://a/t,x"
    assert (found[0].get("service"), found[0].get("scope")) == ("s", "a b")
    assert found[1].get("realm") == 'q"q'


def test_no_repr_of_the_talk_shows_a_secret() -> None:
    flow = token_flow(HEAD, door())
    next(flow)
    steps = [flow.send(bearer()), flow.send(token(b'{"token":"SECRETTOKEN"}'))]
    shown = repr([*steps, next(flow), door()])
    assert "hunter22" not in shown
    assert "SECRETTOKEN" not in shown
    assert "Y2k6aHVudGVyMjI" not in shown


def test_a_repository_is_one_host_and_one_name() -> None:
    assert str(Repository.parse("r.example/team/app")) == "r.example/team/app"
