"""Go's patterns in Python's terms: what is none is told as one, whatever it holds."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ctr_ci.gate.go_pattern import matches, python

PIECES = st.sampled_from(
    (
        *("(", "(?i)", "(?:", "(?P<a>", ")", "[", "[^", "]", "[:alpha:]", "\\", "\\Q", "\\E", "\\x{"),
        *("}", "{2}", "{2,", "*", "+", "?", "|", "^", "$", "a", "-", "é", "\n"),
    )
)


@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=20))
@example("a{99999999999}")
@example("\\x{FFFFFFFFFFFFFFFFFF}")
@example("(" * 5000 + ")" * 5000)
@example("(?i)" * 5000)
def test_what_is_no_pattern_is_told(text: str) -> None:
    with suppress(ValueError):  # nothing else may come of it
        python(text)


@pytest.mark.parametrize("text", ["a*+", "a++", "a?+", "a{2}+", "(?:a)++", "a*?+"])
def test_what_is_repeated_is_not_repeated_again(text: str) -> None:
    """To Python such a pattern is one that gives nothing back."""
    with pytest.raises(ValueError, match="again"):
        python(text)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [("a}+", "a}}", True), ("^a{2}$", "aa", True), ("^a+$", "aa\n", False), ("a{,3}", "a{,3}", True)],
)
def test_it_is_looked_for_as_go_does(pattern: str, text: str, found: bool) -> None:
    assert matches(pattern, text) is found
