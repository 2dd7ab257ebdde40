"""Secrets stay hidden: in prints, pickles and streams, cut or encoded."""

from __future__ import annotations

import base64
import json
import pickle
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctr_ci.secret import Mask, Secret

CANARY = "c4nary/+value=%é"


def test_no_print_shows_a_secret() -> None:
    secret = Secret(CANARY, "TOKEN")
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", str([secret])):
        assert CANARY not in shown
        assert "TOKEN" in shown
    assert secret.reveal() == CANARY


def test_a_secret_cannot_be_pickled() -> None:
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(Secret(CANARY))


def test_a_chunk_border_hides_nothing_from_the_mask() -> None:
    raw = f"before {CANARY} after".encode()
    for cut in range(len(raw)):
        mask = Mask([Secret(CANARY)])
        assert mask.feed(raw[:cut]) + mask.feed(raw[cut:]) + mask.close() == b"before *** after"


@pytest.mark.parametrize("front", ["", "u", "us", "usr:"])
def test_base64_is_masked_in_every_alignment(front: str) -> None:
    encoded = base64.b64encode((front + CANARY + "tail").encode()).decode()
    shown = Mask([Secret(CANARY)]).text(encoded)
    assert "***" in shown
    inner = base64.b64encode(CANARY.encode()).decode()[4:-4]
    assert inner not in shown


@pytest.mark.parametrize("encode", [json.dumps, lambda text: quote(text, safe="")])
def test_escaped_forms_are_masked(encode) -> None:  # type: ignore[no-untyped-def]
    shown = Mask([Secret('pass"word\\one')]).text(
        f"x={encode(chr(34).join(['pass', 'word' + chr(92) + 'one']))}"
    )
    assert "word" not in shown


def test_each_line_of_a_long_secret_is_masked() -> None:
    mask = Mask([Secret("first line\nsecond line\nx\n")])
    assert mask.text("a second line b x") == "a *** b x"


def test_of_two_secrets_with_one_start_the_longer_is_hidden_whole() -> None:
    mask = Mask([Secret("hunter2"), Secret("hunter2-and-more")])
    assert mask.feed(b"hunter2") == b""
    assert mask.feed(b"-and-more.") + mask.close() == b"***."


def test_too_short_a_value_would_ruin_the_log_and_is_left() -> None:
    assert Mask([Secret("a"), Secret("yes")]).text("a yes") == "a yes"


def test_without_secrets_bytes_pass_at_once() -> None:
    assert Mask([]).feed(b"abc") == b"abc"


@given(
    st.lists(st.text(alphabet="abX", min_size=4, max_size=9), min_size=1, max_size=4),
    st.lists(st.binary(max_size=6) | st.text(alphabet="abX", max_size=12).map(str.encode), max_size=12),
)
def test_no_secret_survives_in_any_cutting(secrets: list[str], chunks: list[bytes]) -> None:
    mask = Mask([Secret(text) for text in secrets])
    shown = b"".join(mask.feed(chunk) for chunk in chunks) + mask.close()
    for text in secrets:
        assert text.encode() not in shown.replace(b"***", b"\0")
