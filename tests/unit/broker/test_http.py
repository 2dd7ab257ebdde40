"""One strict meaning for every byte that a step sends, however it is cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctr_ci.broker.http import Chunked, Head, Malformed, Plain, body, head_end, parse_head


def head(text: str) -> Head:
    return parse_head(text.encode("latin-1"))


def test_a_head_is_read() -> None:
    found = head("POST /build?t=a HTTP/1.1\r\nHost: d\r\nX-Thing:  two words \r\nContent-Length: 12\r\n\r\n")
    assert (found.method, found.target, found.length) == ("POST", "/build?t=a", 12)
    assert found.header("x-thing") == "two words"
    assert found.header("absent") == ""
    assert found.keeps


@pytest.mark.parametrize(
    ("lines", "upgrade"),
    [
        ("Connection: Upgrade\r\nUpgrade: tcp\r\n", "tcp"),
        ("Connection: keep-alive, upgrade\r\nUpgrade: H2C\r\n", "h2c"),
        ("Upgrade: tcp\r\n", ""),
        ("Connection: close\r\n", ""),
    ],
)
def test_an_upgrade_needs_both_headers(lines: str, upgrade: str) -> None:
    assert head(f"POST /x HTTP/1.1\r\n{lines}\r\n").upgrade == upgrade


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("GET /x HTTP/1.0\r\n\r\n", 505),
        ("GET /x\r\n\r\n", 400),
        ("GET x HTTP/1.1\r\n\r\n", 400),
        ("GET * HTTP/1.1\r\n\r\n", 400),
        ("GE(T /x HTTP/1.1\r\n\r\n", 400),
        ("GET /\xe4 HTTP/1.1\r\n\r\n", 400),
        ("GET /x HTTP/1.1\r\nNo colon\r\n\r\n", 400),
        ("GET /x HTTP/1.1\r\n: empty\r\n\r\n", 400),
        ("GET /x HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", 400),
        ("GET /x HTTP/1.1\r\nA : b\r\n\r\n", 400),
        ("GET /x HTTP/1.1\r\nA: b\x01\r\n\r\n", 400),
        ("GET /x HTTP/1.1\r\nA: b\nB: c\r\n\r\n", 400),
        ("GET /x HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
        ("GET /x HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n", 400),
        ("GET /x HTTP/1.1\r\nContent-Length: 0x1\r\n\r\n", 400),
        ("GET /x HTTP/1.1\r\nContent-Length: \u00b2\r\n\r\n", 400),
        ("GET /x HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("GET /x HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n", 501),
        ("GET /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
        ("GET /x HTTP/1.1\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", 501),
    ],
)
def test_an_ambiguous_head_is_refused(text: str, status: int) -> None:
    with pytest.raises(Malformed) as caught:
        head(text)
    assert caught.value.status == status


def test_a_head_that_has_not_come_yet_is_waited_for() -> None:
    assert head_end(b"GET /x HTTP/1.1\r\nHost: d\r\n") == -1
    assert head_end(b"GET /x HTTP/1.1\r\n\r\nmore") == 19


@pytest.mark.parametrize(("data", "status"), [(b"PRI * HTTP/2.0\r\n", 505), (b"GET /" + b"x" * 70_000, 431)])
def test_a_head_that_can_never_be_one_is_refused_at_once(data: bytes, status: int) -> None:
    with pytest.raises(Malformed) as caught:
        head_end(data)
    assert caught.value.status == status


def test_a_plain_body_ends_where_its_length_says() -> None:
    reader = Plain(5)
    assert reader.take(memoryview(b"abc")) == 3
    assert not reader.done
    assert reader.take(memoryview(b"deNEXT")) == 2
    assert reader.done


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(places)]


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.lists(st.integers(0, 400), max_size=12))
def test_a_chunked_body_is_the_same_however_it_is_cut(chunks: list[bytes], cuts: list[int]) -> None:
    sent = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    reader, payload, taken = Chunked(), b"", 0
    for piece in pieces(sent + b"NEXT", cuts):
        count = reader.take(memoryview(piece))
        payload += b"".join(piece[a:b] for a, b in reader.pieces)
        taken += count
    assert reader.done
    assert payload == b"".join(chunks)
    assert taken == len(sent)


@pytest.mark.parametrize(
    "sent",
    [
        b"3;x\r\nabc\r\n0\r\n\r\n",
        b"3 \r\nabc\r\n0\r\n\r\n",
        b"0x3\r\nabc\r\n0\r\n\r\n",
        b"-3\r\nabc\r\n0\r\n\r\n",
        b"\r\nabc\r\n0\r\n\r\n",
        b"3\nabc\n0\n\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"3\r\nab\r\n\r\n0\r\n\r\n",
        b"0\r\nTrailer: x\r\n\r\n",
        b"fffffffffffffffff\r\n" + b"x" * 40,
        b"3" * 60,
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_crooked_chunk_is_refused_however_it_is_cut(sent: bytes, size: int) -> None:
    reader = Chunked()

    def read() -> None:
        for at in range(0, len(sent), size):
            reader.take(memoryview(sent[at : at + size]))

    with pytest.raises(Malformed):
        read()


def test_the_body_follows_the_head() -> None:
    assert isinstance(body(head("POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")), Chunked)
    assert body(head("POST /x HTTP/1.1\r\n\r\n")).done
