"""JSON is read as Go reads it, or not at all."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctr_ci.broker.body import canonical, dump, items, parse, record, text
from ctr_ci.broker.http import Malformed


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"nul",
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":1e999}',
        b'"\\u0000"',
        b'"\\ud800"',
        b'{"\\udc00":1}',
        b"\xff",
        b'"\xed\xa0\x80"',
        b"[" * 100_000,
        b"[1]]",
    ],
)
def test_what_readers_disagree_on_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        parse(raw)


def test_nothing_is_null() -> None:
    assert parse(b"") is None
    assert parse(b" \r\n") is None


@pytest.mark.parametrize("key", ["HostConfig", "hostconfig", "HOSTCONFIG", "ho\u017ftConfig"])
def test_keys_are_matched_as_go_matches_them(key: str) -> None:
    assert canonical({key: 1, "other": 2}, ("HostConfig",)) == {"HostConfig": 1, "other": 2}


def test_a_key_that_go_would_take_twice_is_refused() -> None:
    with pytest.raises(Malformed, match="given twice"):
        canonical({"HostConfig": {}, "hostconfig": {"Privileged": True}}, ("HostConfig",))


def test_users_own_keys_keep_their_case() -> None:
    assert parse(b'{"App":"1","app":"2"}') == {"App": "1", "app": "2"}


@pytest.mark.parametrize("read", [text, record, items])
def test_a_wrong_kind_is_refused(read: object) -> None:
    assert callable(read)
    with pytest.raises(Malformed, match="expected"):
        read(5)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"])), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_what_is_written_is_what_was_read(value: object) -> None:
    raw = json.dumps(value).encode()
    assert json.loads(dump(parse(raw))) == value
