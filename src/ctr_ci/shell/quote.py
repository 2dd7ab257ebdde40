"""Quotes taken off: `$'…'` escapes, and the text that a `sh -c` word hands on, with its places."""

from __future__ import annotations

import re

_ANSI = r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|c(.)|(.))"
_LETTERS = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}


def _ansi(found: re.Match[str]) -> str:
    if found[6]:
        return _LETTERS.get(found[6], found[6] if found[6] in "\\'\"?" else "\\" + found[6])
    if found[5]:
        return chr(ord(found[5]) & 0x1F)
    code = int(found[1], 8) if found[1] else int(found[2] or found[3] or found[4], 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def ansi_decoded(body: str) -> str:
    """The content of `$'…'`."""
    return re.sub(_ANSI, _ansi, body, flags=re.S) if "\\" in body else body


def handed_on(word: str, start: int) -> tuple[str, list[int]]:
    """What a word is once its quotes are off, variables left as they stand, and where each character was.

    `start` is the word's offset; the list has one more entry, for the end.
    """
    out: list[str] = []
    places: list[int] = []
    at, size, double = 0, len(word), False
    while at < size:
        char = word[at]
        if char == "'" and not double:
            end = word.find("'", at + 1)
            end = size if end < 0 else end
            out.append(word[at + 1 : end])
            places += range(start + at + 1, start + end)
            at = end + 1
            continue
        if char == '"':
            double = not double
        elif char == "\\" and at + 1 < size:
            follows = word[at + 1]
            if follows != "\n":
                kept = "\\" + follows if double and follows not in '$`"\\' else follows
                out.append(kept)
                places += range(start + at + 2 - len(kept), start + at + 2)
            at += 2
            continue
        else:
            out.append(char)
            places.append(start + at)
        at += 1
    return "".join(out), [*places, start + size]
