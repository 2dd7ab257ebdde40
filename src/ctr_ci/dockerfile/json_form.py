"""The JSON form of RUN, CMD, COPY and the like: an array of strings, each with its place.

Anything that does not parse as JSON silently means the shell form; an array that holds something
other than strings is an error (BuildKit `parser/line_parsers.go`, parseJSON).
"""

from __future__ import annotations

import re

from ctr_ci.dockerfile.complain import Complaints
from ctr_ci.dockerfile.instruction import Line
from ctr_ci.dockerfile.text import SPACE, Text, Word

try:  # the C function behind json.loads: importing json itself costs the cold start two milliseconds
    from _json import scanstring
except ImportError:
    from json.decoder import scanstring  # type: ignore[attr-defined,no-redef]

_ESCAPE = r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u([0-9a-fA-F]{4})|(.))"
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_BLANKS = " \t\r\n"


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
    at = _past_blanks(body, 1)
    if body[at:].rstrip(_BLANKS) == "]":
        return ()
    found: list[Word] = []
    while body[at : at + 1] == '"':
        try:
            text, end = scanstring(body, at + 1, True)
        except (ValueError, SystemError):  # it cannot make its own error where json.decoder is not loaded
            break
        place = arguments.word(lead + at, lead + end)
        found.append(Word(_without_lone_surrogates(text), place.start, place.end, place.source))
        at = _past_blanks(body, end)
        sign = body[at : at + 1]
        at = _past_blanks(body, at + 1)
        if sign == "]" and at == len(body):
            return tuple(found)
        if sign != ",":
            break
    if _is_array(body):
        raise NotStrings
    return None


def json_strings(line: Line, arguments: Text, complaints: Complaints) -> tuple[Word, ...] | None:
    """As `strings`; an array of other things is a complaint, and None."""
    try:
        return strings(arguments)
    except NotStrings:
        complaints.at(
            arguments.word(0, len(arguments.text)),
            f"an array with something other than strings in {line.keyword.text.upper()}",
            "strings in double quotes",
        )
        return None


def _past_blanks(text: str, at: int) -> int:
    while text[at : at + 1] in _BLANKS and at < len(text):
        at += 1
    return at


def _without_lone_surrogates(text: str) -> str:
    """As Go reads them: U+FFFD. Bytes that are not UTF-8 (U+DC80 and up) stay as they are."""
    if text.isascii():
        return text
    return "".join(["\ufffd" if 0xD800 <= ord(char) < 0xDC80 else char for char in text])


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


def content(word: Word) -> Text:
    """The decoded content of a JSON string, mapped to the places of its characters.

    A string that goes over a continued line is mapped as a whole to its start.
    """
    raw, first = word.source.text[word.start + 1 : word.end - 1], word.start + 1
    if "\\" not in raw and raw == word.text:
        return Text(raw, word.source, (0,), (first,))
    pieces: list[tuple[str, int, int]] = []
    at = 0
    for escape in re.finditer(_ESCAPE, raw):
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
