"""HTTP/2's header blocks, by the examples of RFC 7541, and frames."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctr_ci.broker import hpack
from ctr_ci.broker.frames import DATA, HEADERS, Cutter, Frame
from ctr_ci.broker.http import Malformed

FIRST = ((":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "www.example.com"))


@pytest.mark.parametrize(
    "blocks",
    [
        (  # C.3, plain
            "828684410f7777772e6578616d706c652e636f6d",
            "828684be58086e6f2d6361636865",
            "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
        ),
        (  # C.4, Huffman
            "828684418cf1e3c2e5f23a6ba0ab90f4ff",
            "828684be5886a8eb10649cbf",
            "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
        ),
    ],
)
def test_the_examples_of_the_rfc_are_read(blocks: tuple[str, str, str]) -> None:
    reader = hpack.Reader()
    first, second, third = (reader.read(bytes.fromhex(block)) for block in blocks)
    assert first == FIRST
    assert second == (*FIRST, ("cache-control", "no-cache"))
    assert third == (
        (":method", "GET"),
        (":scheme", "https"),
        (":path", "/index.html"),
        (":authority", "www.example.com"),
        ("custom-key", "custom-value"),
    )


def test_a_small_table_forgets_the_oldest() -> None:
    """RFC 7541 C.6: a table of 256 bytes, Huffman-coded answers."""
    reader = hpack.Reader()
    reader.read(bytes.fromhex("3fe101"))
    blocks = (
        "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
        "4883640effc1c0bf",
    )
    first, second = (reader.read(bytes.fromhex(block)) for block in blocks)
    assert first[0] == (":status", "302")
    assert first[3] == ("location", "https://www.example.com")
    assert second == ((":status", "307"), *first[1:])


@pytest.mark.parametrize(
    "block",
    [
        "80",
        "ff",
        "ffffffffffff",
        "be",
        "00",
        "0005",
        "000161",
        "00016105",
        "418cf1e3c2",
        "0081ff00",
        "3fe1ffff7f",
        "823f00",
    ],
)
def test_a_crooked_block_is_refused(block: str) -> None:
    with pytest.raises(Malformed):
        hpack.Reader().read(bytes.fromhex(block))


def test_endless_headers_are_refused() -> None:
    block = hpack.write((("x", "y" * 60_000),)) * 3
    with pytest.raises(Malformed, match="too long"):
        hpack.Reader().read(block)


texts = st.text(st.characters(max_codepoint=255), max_size=300)


@given(st.lists(st.tuples(texts, texts), max_size=6))
def test_what_is_written_is_read_and_leaves_no_trace(headers: list[tuple[str, str]]) -> None:
    reader = hpack.Reader()
    assert reader.read(hpack.write(tuple(headers))) == tuple(headers)
    with pytest.raises(Malformed):
        reader.read(b"\xbe")  # index 62: the first entry that a reader would have remembered


@given(st.lists(st.binary(max_size=50), max_size=6), st.integers(1, 30))
def test_frames_are_the_same_however_they_are_cut(payloads: list[bytes], size: int) -> None:
    frames = [Frame(DATA, index & 1, 2 * index + 1, payload) for index, payload in enumerate(payloads)]
    sent = b"".join(frame.raw() for frame in frames)
    cutter = Cutter()
    found = [each for at in range(0, len(sent), size) for each in cutter.cut(sent[at : at + size])]
    assert found == frames


def test_padding_and_priority_are_taken_off() -> None:
    assert Frame(DATA, 0x8, 1, b"\x02contentXX").content == b"content"
    assert Frame(HEADERS, 0x28, 1, b"\x01PPPPPblockX").content == b"block"
    with pytest.raises(Malformed):
        _ = Frame(DATA, 0x8, 1, b"\x09short").content


def test_a_giant_frame_is_refused() -> None:
    with pytest.raises(Malformed):
        Cutter().cut(b"\xff\xff\xff\x00\x00\x00\x00\x00\x01")
