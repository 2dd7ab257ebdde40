"""The value of an expansion, by bash's meaning of its form."""

from __future__ import annotations

import re
from collections.abc import Callable

from ctr_ci.cloudbuild import glob
from ctr_ci.cloudbuild.expand import Binding, Expansion, Literal, Piece, Unsupported, Word

Lookup = Callable[[str], "str | None"]
LONGEST = 1_000_000  # characters that a value may grow to
_INTEGER = re.compile(r"\s*([-+]?)\s*(\d+)\s*")


def evaluate(word: Word, lookup: Lookup, bind: Callable[[str], str]) -> str:
    """The text of a word. `lookup` gives a key's value, None where it has none. Raises Unsupported."""
    return "".join([_piece(piece, lookup, bind) for piece in word])


def _piece(piece: Piece, lookup: Lookup, bind: Callable[[str], str]) -> str:
    if isinstance(piece, Literal):
        return piece.text
    if isinstance(piece, Binding):
        return bind(piece.path)
    value = lookup(piece.key)
    text = value or ""
    operator = piece.operator

    def word(index: int) -> str:
        return evaluate(piece.words[index], lookup, bind) if index < len(piece.words) else ""

    match operator:
        case "":
            result = text
        case "#" if not piece.words:
            result = str(len(text))
        case ":-":
            result = text or word(0)
        case "-":
            result = word(0) if value is None else text
        case ":+":
            result = word(0) if text else ""
        case "+":
            result = "" if value is None else word(0)
        case ":":
            result = _substring(piece, text, word)
        case "#" | "##" | "%" | "%%":
            result = _strip(operator, text, _pattern(piece.words[0], lookup, bind))
        case "^" | "^^" | "," | ",,":
            result = _case(operator, text, _pattern(piece.words[0], lookup, bind))
        case _ if value is None:
            result = ""
        case _:
            result = _replace(operator, text, _pattern(piece.words[0], lookup, bind), word(1))
    if len(result) > LONGEST:
        raise Unsupported(
            piece.start, piece.end, f"a value of more than {LONGEST} characters", "a short text", ""
        )
    return result


def _pattern(word: Word, lookup: Lookup, bind: Callable[[str], str]) -> str:
    parts = []
    for piece in word:
        text = _piece(piece, lookup, bind)
        quoted = isinstance(piece, Binding) or (isinstance(piece, Expansion) and piece.quoted)
        parts.append(glob.escape(text) if quoted else text)
    return "".join(parts)


def _substring(piece: Expansion, text: str, word: Callable[[int], str]) -> str:
    offset = _integer(piece, word(0))
    if offset < 0:
        offset += len(text)
    if not 0 <= offset <= len(text):
        return ""
    if len(piece.words) < 2:
        return text[offset:]
    length = _integer(piece, word(1))
    end = len(text) + length if length < 0 else offset + length
    if end < offset:
        raise Unsupported(
            piece.start, piece.end, "a substring that ends before it begins", "a longer one", ""
        )
    return text[offset:end]


def _integer(piece: Expansion, text: str) -> int:
    match = _INTEGER.fullmatch(text)
    octal = match is not None and len(match[2]) > 1 and match[2].startswith("0")
    if not text.strip():
        return 0
    if not match or len(match[2]) > 12 or (octal and not set(match[2]) <= set("01234567")):
        raise Unsupported(piece.start, piece.end, f"the offset or length {text!r}", "a whole number", "")
    number = int(match[2], 8 if octal else 10)
    return -number if match[1] == "-" else number


def _strip(operator: str, text: str, pattern: str) -> str:
    matches = re.compile(glob.regex(pattern), re.DOTALL).fullmatch
    longest = len(operator) == 2
    sizes = range(len(text), -1, -1) if longest else range(len(text) + 1)
    for size in sizes:
        if operator[0] == "#" and matches(text[:size]):
            return text[size:]
        if operator[0] == "%" and matches(text[len(text) - size :]):
            return text[: len(text) - size]
    return text


def _case(operator: str, text: str, pattern: str) -> str:
    matches = re.compile(glob.regex(pattern or "?"), re.DOTALL).fullmatch
    change = str.upper if operator[0] == "^" else str.lower
    end = len(text) if len(operator) == 2 else 1
    return "".join([change(c) if i < end and matches(c) else c for i, c in enumerate(text)])


def _replace(operator: str, text: str, pattern: str, by: str) -> str:
    source = glob.regex(pattern)
    if operator == "/%":
        match = re.compile(f"(?:{source})\\Z", re.DOTALL).search(text)
        return text[: match.start()] + by if match else text
    compiled = re.compile(source, re.DOTALL)
    if operator == "/#":
        match = compiled.match(text)
        return by + text[match.end() :] if match else text
    if not pattern:
        return text
    if not text:  # only here does bash replace what has no length
        return by if compiled.match("") else ""
    parts, at = [], 0
    while at < len(text) and (match := compiled.search(text, at)):
        if match.end() == match.start():
            break
        parts += [text[at : match.start()], by]
        at = match.end()
        if operator == "/":
            break
    return "".join([*parts, text[at:]])
