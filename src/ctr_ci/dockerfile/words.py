"""The ways an instruction's arguments are cut to words, and whether each can be expanded.

BuildKit `parser/line_parsers.go`: blank-delimited (COPY, EXPOSE, FROM), quote-aware (ENV, LABEL, ARG),
or the whole rest as one string (USER, WORKDIR).
"""

from __future__ import annotations

import re

from ctr_ci.dockerfile.complain import Complaints
from ctr_ci.dockerfile.instruction import Pair
from ctr_ci.dockerfile.text import SPACE, UNKNOWN, Text, Word

_quoted: dict[str, re.Pattern[str]] = {}


def blank_delimited(arguments: Text) -> list[Word]:
    text = arguments.text
    return [arguments.word(start, end) for start, end in _parted(text)]


def _parted(text: str) -> list[tuple[int, int]]:
    """Where the words are that blanks cut."""
    if "\t" in text or "\v" in text or "\f" in text or "\r" in text:
        for blank in "\t\v\f\r":
            text = text.replace(blank, " ")
    found: list[tuple[int, int]] = []
    at = 0
    for part in text.split(" "):
        end = at + len(part)
        if part:
            found.append((at, end))
        at = end + 1
    return found


def quote_aware(arguments: Text, escape: str) -> list[tuple[int, int]]:
    """Where the words are that blanks cut outside quotes and escapes; an open quote goes to the end."""
    text = arguments.text
    if "'" not in text and '"' not in text and escape not in text and text.isascii() and "\n" not in text:
        return _parted(text)
    pattern = _quoted.get(escape)
    if pattern is None:
        e = re.escape(escape)
        pattern = _quoted[escape] = re.compile(
            rf"(?:[^{SPACE}'\"{e}]++|{e}.|'[^']*+(?:'|\Z)|\"(?:[^\"{e}]|{e}.)*+(?:\"|{e}?\Z))++", re.DOTALL
        )
    return [found.span() for found in pattern.finditer(arguments.text)]


def pairs(
    keyword: str, arguments: Text, escape: str, complaints: Complaints
) -> tuple[tuple[Pair, ...], bool]:
    """The pairs of ENV and LABEL, and whether they are in the old form `KEY value`."""
    places = quote_aware(arguments, escape)
    text = arguments.text
    if not places:
        complaints.at(arguments.word(0, len(text)), f"{keyword} without a name", f"{keyword} name=value")
        return (), False
    start, end = places[0]
    if "=" not in text[start:end]:
        gap = re.search(r"[\t\v\f\r ]+", text)
        if gap is None:
            whole = arguments.word(0, len(text))
            complaints.at(whole, f"{keyword} {whole.text} without a value", f"{keyword} {whole.text}=VALUE")
            return (), True
        key, content = arguments.word(0, gap.start()), arguments.word(gap.end(), len(text))
        if not key.text:
            complaints.at(arguments.word(0, len(text)), f"{keyword} with an empty name", "a name before =")
        return (Pair(key, content, arguments.word(0, len(text))),), True
    found: list[Pair] = []
    for start, end in places:
        cut = text.find("=", start, end)
        if cut < 0:
            word = arguments.word(start, end)
            help = "quote a value that has blanks" if found else ""
            complaints.at(word, f"{word.text!r} in {keyword} has no =", "name=value", help)
            continue
        if cut == start:
            complaints.at(arguments.word(start, end), f"{keyword} with an empty name", "a name before =")
            continue
        key, content = arguments.word(start, cut), arguments.word(cut + 1, end)
        found.append(Pair(key, content, arguments.word(start, end)))
    return tuple(found), False


def names(arguments: Text, escape: str, complaints: Complaints) -> tuple[Pair, ...]:
    """The names and pairs of ARG."""
    found: list[Pair] = []
    text = arguments.text
    for start, end in quote_aware(arguments, escape):
        cut = text.find("=", start, end)
        word = arguments.word(start, end)
        if cut < 0:
            found.append(Pair(word, None, word))
        elif cut == start:
            complaints.at(word, "ARG with an empty name", "a name before =")
        else:
            found.append(Pair(arguments.word(start, cut), arguments.word(cut + 1, end), word))
    if not found and not complaints.problems:
        complaints.at(arguments.word(0, len(text)), "ARG without a name", "ARG name or ARG name=default")
    return tuple(found)


def check_expansion(word: Word | None, escape: str, complaints: Complaints) -> None:
    """Complains of a word in which BuildKit could not expand the variables, whatever their values."""
    if word is None:
        return
    text = word.text
    if "$" not in text and "'" not in text and '"' not in text:
        return
    if "'" not in text and escape not in text and "${" not in text and text.count('"') % 2 == 0:
        return
    from ctr_ci.dockerfile.lex import Lexer
    from ctr_ci.dockerfile.pattern import LexError

    try:
        Lexer(text, escape, lambda name: UNKNOWN).read()
    except LexError as error:
        complaints.at(word, f"{text!r} cannot be expanded: {error}", "balanced quotes and ${name} forms")
