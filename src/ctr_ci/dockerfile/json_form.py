"""The JSON form of RUN, CMD, COPY and the like: an array of strings, each with its place.

Anything that does not parse as JSON silently means the shell form; an array that holds something
other than strings is an error (BuildKit `parser/line_parsers.go`, parseJSON).
"""

from __future__ import annotations

import re

from ctr_ci.dockerfile.lex import SPACE
from ctr_ci.dockerfile.text import Text, Word

_ELEMENT = re.compile(
    r'[ \t\r\n]*"((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"[ \t\r\n]*([,\]])[ \t\r\n]*'
)
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u([0-9a-fA-F]{4})|(.))")
_EMPTY = re.compile(r"\[[ \t\r\n]*\][ \t\r\n]*\Z")
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class NotStrings(Exception):
    """The array parses, but holds something that is no string."""


def strings(arguments: Text) -> tuple[Word, ...] | None:
    """The strings of a JSON array, None when the text is none. Raises NotStrings.

    Each word's place is the string with its quotes.
    """
    body = arguments.text.lstrip(SPACE)
    if not body.startswith("["):
        return None
    lead = len(arguments.text) - len(body)
    if _EMPTY.match(body):
        return ()
    found: list[Word] = []
    at = 1
    while True:
        element = _ELEMENT.match(body, at)
        if element is None:
            break
        place = arguments.word(lead + element.start(1) - 1, lead + element.end(1) + 1)
        found.append(Word(decoded(element[1]), place.start, place.end, place.source))
        at = element.end()
        if element[2] == "]":
            if at == len(body):
                return tuple(found)
            break
    if _is_array(body):
        raise NotStrings
    return None


def _is_array(body: str) -> bool:
    import json

    try:
        return isinstance(json.loads(body, parse_constant=_refuse), list)
    except (ValueError, RecursionError):
        return False


def _refuse(name: str) -> None:
    raise ValueError(name)


def _decode(escape: re.Match[str]) -> str:
    if escape[2]:
        return _LETTERS.get(escape[2], escape[2])
    if escape[1]:
        code = int(escape[1], 16)
        return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)
    high, low = int(escape[0][2:6], 16), int(escape[0][8:], 16)
    return chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00)


def decoded(raw: str) -> str:
    """A JSON string's content with its escapes resolved."""
    return _ESCAPE.sub(_decode, raw) if "\\" in raw else raw


def content(word: Word) -> Text:
    """The decoded content of a JSON string, mapped to the places of its characters.

    A string that goes over a continued line is mapped as a whole to its start.
    """
    raw, first = word.source.text[word.start + 1 : word.end - 1], word.start + 1
    if "\\" not in raw and raw == word.text:
        return Text(raw, word.source, (0,), (first,))
    pieces: list[tuple[str, int, int]] = []
    at = 0
    for escape in _ESCAPE.finditer(raw):
        pieces.append((raw[at : escape.start()], first + at, first + escape.start()))
        at = escape.end()
        pieces.append((_decode(escape), first + escape.start(), first + at))
    pieces = [piece for piece in (*pieces, (raw[at:], first + at, word.end - 1)) if piece[0]]
    if "".join([piece[0] for piece in pieces]) != word.text or not pieces:
        pieces = [(char, first, word.end - 1) for char in word.text] or [("", first, first)]
    starts, size = [], 0
    for piece in pieces:
        starts.append(size)
        size += len(piece[0])
    origins, ends = tuple([piece[1] for piece in pieces]), tuple([piece[2] for piece in pieces])
    return Text(word.text, word.source, tuple(starts), origins, ends)
