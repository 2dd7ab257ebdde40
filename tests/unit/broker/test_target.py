"""Every spelling of a path and query has one normal form, or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctr_ci.broker.http import Malformed
from ctr_ci.broker.target import parse


@pytest.mark.parametrize(
    ("raw", "version", "path"),
    [
        ("/v1.41/containers/json", "v1.41", "/containers/json"),
        ("/containers/json", "", "/containers/json"),
        ("//v1.41//containers///json", "v1.41", "/containers/json"),
        ("/v1.41/x/../containers/json", "v1.41", "/containers/json"),
        ("/v1.41/%63ontainers/json", "v1.41", "/containers/json"),
        ("/%2e%2e/%2e/v1.41/info/", "v1.41", "/info"),
        ("/v1.41/images/a%2Fb:1/json", "v1.41", "/images/a/b:1/json"),
        ("/v1.41", "v1.41", "/"),
        ("/", "", "/"),
        ("/v1/x", "", "/v1/x"),
        ("/v1.41.2/x", "v1.41.2", "/x"),
    ],
)
def test_a_path_has_one_form(raw: str, version: str, path: str) -> None:
    found = parse(raw)
    assert (found.version, found.path) == (version, path)


@pytest.mark.parametrize(
    "raw",
    [
        "/%",
        "/%z1",
        "/%252e",
        "/a%00b",
        "/a%0d%0ab",
        "/\\x",
        "/a%5cb",
        "/%c3%a4",
        "/?a;b",
        "/?a=%zz",
        "/?a=1&a=2",
    ],
)
def test_what_has_two_meanings_is_refused(raw: str) -> None:
    with pytest.raises(Malformed):
        parse(raw)


def test_a_query_is_read_and_written_anew() -> None:
    found = parse("/build?t=a&t=b&q&buildargs=%7B%22A%22%3A%22b+c%22%7D&x=a+b%2B")
    assert found.all("t") == ("a", "b")
    assert (found.get("q"), found.get("x"), found.get("absent")) == ("", "a b+", "")
    assert str(found.only("t", "x")) == "/build?t=a&t=b&x=a+b%2B"
    assert str(found.only().with_query(a="1", b=None)) == "/build?a=1"


@given(st.text(alphabet="/.%2eEfF-abv1:@?&=", max_size=40))
def test_a_normal_form_is_its_own_normal_form(raw: str) -> None:
    try:
        found = parse("/" + raw)
    except Malformed:
        return
    assert parse(str(found)) == found
    assert ".." not in found.path.split("/")
    assert "//" not in found.path
