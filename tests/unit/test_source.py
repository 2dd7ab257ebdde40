"""Positions, spans and bytes of a text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ctr_ci.source import Position, Source, Span, visible

TEXTS = st.text(alphabet="aé\n\r\t ", max_size=60)


@given(TEXTS)
def test_every_offset_has_one_position_and_back(text: str) -> None:
    source = Source("f", text)
    for offset in range(len(source.text) + 1):
        assert source.offset(source.position(offset)) == offset


@given(st.binary(max_size=80))
def test_every_byte_comes_back(raw: bytes) -> None:
    assert Source.decode("f", raw).encode() == raw


def test_a_byte_order_mark_is_noted_and_not_part_of_the_text() -> None:
    source = Source.decode("f", b"\xef\xbb\xbfFROM a\n")
    assert (source.bom, source.text) == (True, "FROM a\n")
    assert source.encode("FROM b\n") == b"\xef\xbb\xbfFROM b\n"


def test_only_newline_ends_a_line_and_one_carriage_return_belongs_to_it() -> None:
    source = Source("f", "a\r\nb\vc\rd\n")
    assert source.lines == ("a", "b\vc\rd", "")
    assert source.newline == "\r\n"
    assert Source("f", "a\nb\r\n").newline == "\n"


def test_columns_count_characters_not_bytes() -> None:
    source = Source("f", "é = 😀x\n")
    assert source.slice(Span(Position(1, 5), Position(1, 7))) == "😀x"


def test_a_position_past_the_end_is_clipped() -> None:
    source = Source("f", "ab\n")
    assert source.offset(Position(9, 1)) == 3
    assert source.slice(Span(Position(1, 2), Position(9, 9))) == "b\n"


def test_a_span_covers_what_lies_in_it() -> None:
    outer = Span(Position(1, 1), Position(2, 5))
    assert outer.covers(Span(Position(1, 9), Position(2, 5)))
    assert not outer.covers(Span(Position(1, 9), Position(2, 6)))
    assert str(outer) == "1:1-2:5"


def test_foreign_text_is_shown_on_one_line_and_steers_nothing() -> None:
    assert visible("caf\u00e9 a b") == "caf\u00e9 a b"
    assert visible("a\n::error::\x1b[2J\u202e\t") == "a\\n::error::\\x1b[2J\\u202e\\t"
    assert visible("a\tb\n", keep="\t") == "a\tb\\n"
