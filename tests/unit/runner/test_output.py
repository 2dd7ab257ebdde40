"""Lines of a step's output: whole, masked, bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ctr_ci.runner.output import LONGEST, Lines
from ctr_ci.secret import Secret


def cut(pieces: list[bytes], *secrets: Secret) -> list[bytes]:
    lines = Lines(secrets)
    return [line for piece in pieces for line in lines.feed(piece)] + list(lines.close())


def test_a_line_is_held_until_it_is_whole() -> None:
    assert cut([b"a", b"b\nc", b"d\n"]) == [b"ab\n", b"cd\n"]


def test_an_unfinished_line_comes_at_the_end() -> None:
    assert cut([b"a\nb"]) == [b"a\n", b"b"]


def test_a_secret_cut_by_pieces_is_masked() -> None:
    assert b"".join(cut([b"x hun", b"ter2", b"2 y\n"], Secret("hunter22"))) == b"x *** y\n"


def test_every_line_of_a_secret_is_masked() -> None:
    secret = Secret("first line\nsecond line\nthird line")
    shown = b"".join(cut([b"third line\nsecond line\n", b"a first line b\n"], secret))
    assert shown == b"***\n***\na *** b\n"


def test_an_endless_line_is_cut_and_memory_bounded() -> None:
    lines = Lines(())
    for _ in range(5):
        for line in lines.feed(b"x" * (LONGEST // 2)):
            assert len(line) == LONGEST + 1
    assert len(b"".join(lines.close())) < LONGEST


@given(st.lists(st.binary(max_size=20)))
def test_nothing_is_lost_or_reordered(pieces: list[bytes]) -> None:
    assert b"".join(cut(pieces)) == b"".join(pieces)
