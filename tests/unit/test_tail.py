"""The end of an output, whatever came before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ctr_ci.tail import Tail


def test_the_last_lines_are_kept() -> None:
    tail = Tail(1000)
    for number in range(5000):
        tail.feed(f"line {number}\n".encode())
    assert tail.lines(2) == ("line 4998", "line 4999")
    assert tail.cut


@given(st.lists(st.text("ab\n", max_size=30)), st.integers(1, 40))
def test_the_text_is_the_end_of_what_was_fed(pieces: list[str], size: int) -> None:
    tail = Tail(size)
    for piece in pieces:
        tail.feed(piece.encode())
    whole = "".join(pieces)
    assert tail.text == whole[-size:]
    assert tail.cut is (len(whole) > size)
