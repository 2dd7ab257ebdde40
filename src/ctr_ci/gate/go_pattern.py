"""Go's regular expressions (RE2) in Python's terms: what a structure test's file means by a pattern. Pure.

They differ where it matters: Go's `$` is the very end of the text, not the place before a last newline;
its classes are ASCII; and it knows neither looking around nor back references.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from ctr_ci.gate import searching

_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_GROUP = re.compile(r"\((?:\?(?:P?<(?P<name>\w+)>|(?P<on>[imsU]*)(?:-(?P<off>[imsU]+))?(?P<end>[:)])))?")
_ESCAPE = re.compile(r"\\(?:x\{(?P<wide>[0-9A-Fa-f]+)\}|Q(?P<plain>.*?)(?:\\E|$)|(?P<one>.))", re.DOTALL)
_CLASS = re.compile(r"\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]", re.DOTALL)
_INSIDE = re.compile(r"\[:(?P<not>\^?)(?P<name>\w+):\]|(?P<escape>\\.)|(?P<odd>[\[&|~])", re.DOTALL)
_COUNT = re.compile(r"\{\d+(?:,\d*)?\}")


def python(pattern: str) -> str:
    """The same pattern for `re.compile(…, re.ASCII)`. Raises ValueError where Go has no such pattern, or
    Python cannot say it."""
    found = "".join(_pieces(pattern))
    searching.check(found)
    return found


def matches(pattern: str, text: str) -> bool:
    """Is the pattern (Go's) anywhere in the text? Raises searching.NoAnswer."""
    return searching.found(python(pattern), text, re.ASCII)


def _pieces(pattern: str) -> Iterator[str]:
    flags = ""  # those in force
    opened: list[tuple[str, list[str]]] = []  # of each open group: the flags and extra groups around it
    extra: list[str] = []  # groups that stand for a bare `(?i)`, which ends where the group around it ends
    at = 0
    repeated = False  # by what came last
    while at < len(pattern):
        char = pattern[at]
        count = _COUNT.match(pattern, at)
        if char == "+" and repeated:
            raise ValueError("what is repeated is repeated again")
        repeated = char in "*+?" or count is not None
        if char == "(":
            match = _GROUP.match(pattern, at)
            if match is None or (match[0] == "(" and pattern[at + 1 : at + 2] == "?"):
                raise ValueError("Go's patterns have no such group")
            at = match.end()
            on, off = match["on"] or "", match["off"] or ""
            if "U" in on + off:
                raise ValueError("the flag U cannot be had here")
            if match["end"] is None:
                opened.append((flags, extra))
                extra = []
                yield f"(?P<{match['name']}>" if match["name"] else "("
                continue
            inner = "".join(flag for flag in "ims" if flag in on or (flag in flags and flag not in off))
            # `m` is honoured by what ^ and $ become.
            turned = "".join(f for f in "is" if f in on), "".join(f for f in "is" if f in off and f not in on)
            opening = f"(?{turned[0]}{'-' + turned[1] if turned[1] else ''}:"
            if match["end"] == ":":
                opened.append((flags, extra))
                extra = []
            else:
                extra.append(opening)
            flags = inner
            yield opening
        elif char == ")":
            if not opened:
                raise ValueError("a ) without its (")
            yield ")" * (len(extra) + 1)
            flags, extra = opened.pop()
            at += 1
        elif char == "[":
            match = _CLASS.match(pattern, at)
            if match is None:
                raise ValueError("a [ without its ]")
            yield _class(match[0])
            at = match.end()
        elif char == "\\":
            match = _ESCAPE.match(pattern, at)
            if match is None:
                raise ValueError("a \\ at the end")
            yield _escape(match)
            at = match.end()
        elif char == "|":
            yield ")" * len(extra) + "|" + "".join(extra)
            at += 1
        elif char == "{":
            yield count[0] if count else r"\{"
            at += len(count[0]) if count else 1
        else:
            yield _anchor(char, "m" in flags)
            at += 1
    yield ")" * len(extra)
    if opened:
        raise ValueError("a ( without its )")


def _anchor(char: str, lines: bool) -> str:
    if char == "$":
        return r"(?=\n|\Z)" if lines else r"\Z"
    if char == "^":
        return r"(?:(?<=\n)|\A)" if lines else r"\A"
    return char


def _escape(match: re.Match[str]) -> str:
    if match["wide"]:
        if int(match["wide"], 16) > sys.maxunicode:
            raise ValueError(f"there is no character {match[0]}")
        return re.escape(chr(int(match["wide"], 16)))
    if match["plain"] is not None:
        return re.escape(match["plain"])
    one = match["one"]
    if one in "pPC" or one in "123456789Z":
        raise ValueError(f"\\{one} cannot be had here")
    return {"z": r"\Z"}.get(one, match[0])


def _class(text: str) -> str:
    def piece(match: re.Match[str]) -> str:
        if match["escape"]:
            if match["escape"][1] in "pPQ":
                raise ValueError(f"{match['escape']} cannot be had here")
            return match["escape"]
        if match["odd"]:  # nothing special to Go
            return "\\" + match["odd"]
        if match["not"] or match["name"] not in _POSIX:
            raise ValueError(f"{match[0]} cannot be had here")
        return _POSIX[match["name"]]

    head = text[: 2 if text[1] == "^" else 1]
    body = text[len(head) :]
    if body.startswith("]"):
        head, body = head + r"\]", body[1:]
    return head + _INSIDE.sub(piece, body)
