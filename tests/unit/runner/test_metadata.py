"""What the metadata server says, and to whom."""

from __future__ import annotations

import json

import pytest

from ctr_ci.runner.metadata import Answer, Facts, answer, reply
from ctr_ci.secret import Secret

KNOWN = Facts("shop", "42", "europe-west1", "build@shop.example")
GIVEN = Facts("shop", "42", "europe-west1", "build@shop.example", Secret("t0ken", "GOOGLE_ACCESS_TOKEN"))
FLAVOR = {"metadata-flavor": "Google"}
V1 = "/computeMetadata/v1/"
ACCOUNT = f"{V1}instance/service-accounts/default/"


def ask(target: str, known: Facts = KNOWN, headers: dict[str, str] | None = None) -> Answer:
    return answer(known, "GET", target, FLAVOR if headers is None else headers)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("project/project-id", "shop"),
        ("project/numeric-project-id", "42"),
        ("instance/region", "projects/42/regions/europe-west1"),
        ("instance/service-accounts/default/email", "build@shop.example"),
        ("instance/service-accounts/build@shop.example/email", "build@shop.example"),
        ("instance/service-accounts/", "default/\nbuild@shop.example/\n"),
        ("universe/universe-domain", "googleapis.com"),
        ("project/", "project-id\nnumeric-project-id\n"),
    ],
)
def test_facts_of_the_build_are_told(path: str, said: str) -> None:
    assert ask(V1 + path) == Answer(200, said.encode())


def test_a_client_that_asks_who_is_there_hears_it() -> None:
    assert ask("/", headers={}).status == 200
    assert b"Metadata-Flavor: Google\r\n" in reply(KNOWN, b"GET / HTTP/1.1\r\n\r\n")


@pytest.mark.parametrize(
    "headers", [{}, {"metadata-flavor": "google"}, {**FLAVOR, "x-forwarded-for": "1.2.3.4"}]
)
def test_who_does_not_mean_to_ask_gets_nothing(headers: dict[str, str]) -> None:
    assert ask(V1 + "project/project-id", headers=headers).status == 403


def test_without_credentials_there_is_no_token_and_the_answer_says_how_to_give_one() -> None:
    for name in ("token", "identity?audience=x"):
        said = ask(ACCOUNT + name)
        assert said.status == 404
        assert b"--secret GOOGLE_ACCESS_TOKEN=" in said.body


def test_a_token_that_was_handed_over_is_given_by_name_only() -> None:
    said = ask(ACCOUNT + "token", GIVEN)
    assert json.loads(said.body) == {"access_token": "t0ken", "expires_in": 1800, "token_type": "Bearer"}
    whole = ask(f"{V1}instance/?recursive=true", GIVEN).body
    assert b"t0ken" not in whole
    assert json.loads(whole)["service-accounts"]["default"]["email"] == "build@shop.example"


@pytest.mark.parametrize("path", ["/nothing", f"{V1}project/nothing", f"{V1}project/project-id/more"])
def test_what_is_not_there_is_not_found(path: str) -> None:
    assert ask(path).status == 404


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_nothing_can_be_changed(method: str) -> None:
    assert answer(KNOWN, method, V1, FLAVOR).status == 405


@pytest.mark.parametrize("head", [b"", b"\r\n\r\n", b"hello\r\n\r\n", b"\xff\xfe \r\n\r\n", b"GET /\r\n\r\n"])
def test_what_is_no_request_is_told_so(head: bytes) -> None:
    assert reply(KNOWN, head).startswith(b"HTTP/1.1 400 ")


def test_a_head_request_has_no_body() -> None:
    assert reply(KNOWN, b"HEAD / HTTP/1.1\r\n\r\n").endswith(b"\r\n\r\n")
