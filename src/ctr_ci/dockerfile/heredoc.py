"""Which words of a line announce a here-document (BuildKit `parser/parser.go`)."""

from __future__ import annotations

import re

from ctr_ci.dockerfile.lex import Lexer
from ctr_ci.dockerfile.pattern import LexError


def _unset(name: str) -> None:
    return None


def raw_words(line: str) -> list[str]:
    """The words of a line with quotes and escapes kept; none when BuildKit cannot lex it."""
    try:
        return Lexer(line, "\\", _unset, raw_quotes=True, raw_escapes=True, keep_unset=True).read()[1]
    except LexError:
        return []  # BuildKit then sees no heredoc at all


def heredoc_mark(word: str) -> tuple[str, bool, bool, int] | None:
    """Name, chomp, expand and descriptor of `<<EOF` and its like; None for other words. Raises LexError."""
    if "<<" not in word:
        return None
    found = re.match(r"^(\d*)<<(-?)[\t\n\f\r ]*([^<]*)\Z", word)
    if found is None or not found[3]:
        return None
    names = Lexer(found[3], "\\", _unset, keep_unset=True).read()[1]
    if len(names) != 1:
        return None
    raw = Lexer(found[3], "\\", _unset, raw_quotes=True, keep_unset=True).read()[1]
    if len(raw) != 1:
        raise LexError("its name is read in two ways")
    quotes = names[0].count("'") + names[0].count('"')
    expand = quotes == raw[0].count("'") + raw[0].count('"')
    return names[0], found[2] == "-", expand, int(found[1] or 0)
