"""Bash expansions in substitution values (`dynamicSubstitutions`), as a tree of words.

The forms are those of Google's page "Using payload bindings and bash parameter expansions in
substitutions", with bash's meaning inside double quotes, and bash's patterns. What runs code or
assigns (`$(cmd)`, `${X:=w}`, `${X:?w}`, `${!X}`, `${X@Q}`) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NoReturn

from ctr_ci.cloudbuild import glob
from ctr_ci.cloudbuild.scan import KEY
from ctr_ci.value import value

_KEY = re.compile(KEY)
_NAME = re.compile(rf"\{{({KEY})\}}")
_LENGTH = re.compile(rf"\{{#({KEY})\}}")
_INDIRECT = re.compile(rf"\{{!({KEY})[^}}]*\}}?")
_PATH = r"(?:\.[\w-]+|\[\d+\]|\['[^']*'\])"
_BINDING = re.compile(rf"\((body{_PATH}*|[A-Za-z_]\w*{_PATH}+)\)")


class Unsupported(Exception):
    """A form that no substitution value may have; offsets into the value."""

    def __init__(self, start: int, end: int, found: str, expected: str, way_out: str) -> None:
        super().__init__(found)
        self.start, self.end = start, end
        self.found, self.expected, self.way_out = found, expected, way_out


@value
class Literal:
    """Text; in a pattern, already written as one."""

    text: str


@value
class Binding:
    """`$(body.a.b[0])`: a value of the event that triggered the build."""

    path: str
    start: int
    end: int


@value
class Expansion:
    """`${KEY}` and its forms. `operator` is "" or bash's; `words` are its operands."""

    key: str
    operator: str
    words: tuple[Word, ...]
    start: int
    end: int
    quoted: bool = False

    @property
    def excuses(self) -> bool:
        """Whether the key may be undefined: the form says what then."""
        return self.operator in (":-", "-", ":+", "+")


Piece = Literal | Binding | Expansion
Word = tuple[Piece, ...]


def parse(text: str) -> Word:
    """The pieces of a value. Raises Unsupported."""
    word, _ = _Parser(text).word(0, "", "text")
    return word


def expansions(word: Word) -> Iterator[Expansion]:
    """Every key that a word uses, inner words included, in order."""
    for piece in word:
        if isinstance(piece, Expansion):
            yield piece
            for inner in piece.words:
                yield from expansions(inner)


def bindings(word: Word) -> Iterator[Binding]:
    for piece in word:
        if isinstance(piece, Binding):
            yield piece
        elif isinstance(piece, Expansion):
            for inner in piece.words:
                yield from bindings(inner)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text

    def word(self, at: int, stops: str, mode: str, limit: int = 0) -> tuple[Word, int]:
        """Pieces up to one of `stops`. `mode`: "text" (a whole value: only `$` means something),
        "word" (an operand in double quotes), "pattern" or "replacement"."""
        pieces: list[Piece] = []
        quote = ""
        start = at
        while at < len(self.text):
            character = self.text[at]
            if not quote and character in stops and at >= start + limit:
                break
            if character == "$" and quote != "'":
                piece, at = self._dollar(at, quoted=bool(quote))
                if isinstance(piece, Literal) and mode == "pattern":
                    piece = Literal(glob.escape(piece.text))
                pieces.append(piece)
                continue
            if mode != "text" and character == quote:
                quote = ""
            elif mode != "text" and not quote and (character == '"' or (character == "'" and mode != "word")):
                quote = character
            elif mode != "text" and character == "\\" and quote != "'" and at + 1 < len(self.text):
                pieces.append(Literal(_unescape(self.text[at + 1], mode, bool(quote))))
                at += 1
            else:
                pieces.append(Literal(glob.escape(character) if quote and mode == "pattern" else character))
            at += 1
        if quote:
            self._refuse(start, len(self.text), f"a {quote} that is never closed", f"a closing {quote}")
        return _joined(pieces), at

    def _dollar(self, at: int, quoted: bool) -> tuple[Piece, int]:
        after = at + 1
        if self.text.startswith("$", after):
            return Literal("$"), after + 1
        if match := _KEY.match(self.text, after) or _NAME.match(self.text, after):
            key = match[1] if match.lastindex else match[0]
            return Expansion(key, "", (), at, match.end(), quoted), match.end()
        if match := _LENGTH.match(self.text, after):
            return Expansion(match[1], "#", (), at, match.end(), quoted), match.end()
        if match := _INDIRECT.match(self.text, after):
            self._refuse_form(at, match.end(), self.text[at : match.end()])
        if self.text.startswith("(", after):
            match = _BINDING.match(self.text, after)
            if match:
                return Binding(match[1], at, match.end()), match.end()
            end = self._closed(after)
            self._refuse_form(at, end, self.text[at:end])
        if self.text.startswith("{", after) and (match := _KEY.match(self.text, after + 1)):
            return self._form(at, match[0], match.end(), quoted)
        return Literal("$"), after

    def _closed(self, at: int) -> int:
        """The end of what opens at `at` with a parenthesis."""
        depth = 0
        for index in range(at, len(self.text)):
            depth += {"(": 1, ")": -1}.get(self.text[index], 0)
            if depth == 0:
                return index + 1
        return len(self.text)

    def _form(self, start: int, key: str, at: int, quoted: bool) -> tuple[Piece, int]:
        """`${KEY` has been read up to `at`; what follows decides."""
        operator, at = self._operator(start, at)
        if not operator:
            return Literal("$"), start + 1  # `${KEYlower}` and the like are nobody's
        words: list[Word] = []
        if operator == ":":
            word, at = self.word(at, ":}", "word")
            words.append(word)
            if self.text.startswith(":", at):
                word, at = self.word(at + 1, "}", "word")
                words.append(word)
        elif operator.startswith("/"):
            # After `//` a slash is the pattern's, as in bash.
            word, at = self.word(
                at, "/}", "pattern", limit=int(operator == "//" and self.text.startswith("/", at))
            )
            words.append(word)
            if self.text.startswith("/", at):
                word, at = self.word(at + 1, "}", "replacement")
                words.append(word)
        else:
            word, at = self.word(at, "}", "pattern" if operator[0] in "#%^," else "word")
            words.append(word)
        if not self.text.startswith("}", at):
            self._refuse(
                start, len(self.text), f"{self.text[start:]!r}, which is never closed", "a closing }"
            )
        return Expansion(key, operator, tuple(words), start, at + 1, quoted), at + 1

    def _operator(self, start: int, at: int) -> tuple[str, int]:
        for operator in (
            ":-",
            ":+",
            "##",
            "%%",
            "^^",
            ",,",
            "//",
            "/#",
            "/%",
            "-",
            "+",
            "#",
            "%",
            "^",
            ",",
            "/",
        ):
            if self.text.startswith(operator, at):
                return operator, at + len(operator)
        if self.text.startswith((":=", ":?", "=", "?", "@", "["), at):
            closing = self.text.find("}", at)
            end = closing + 1 if closing > 0 else len(self.text)
            self._refuse_form(start, end, self.text[start:end])
        if self.text.startswith(":", at):
            return ":", at + 1
        return "", at

    def _refuse_form(self, start: int, end: int, form: str) -> NoReturn:
        self._refuse(
            start,
            end,
            f"{form} is not supported in a substitution value",
            "${X}, ${X:-w}, ${X:o:n}, ${X/p/r}, ${X#p}, ${X%p}, ${X^^} or ${X,,}",
            "write `$$` for a dollar that a shell shall see",
        )

    def _refuse(self, start: int, end: int, found: str, expected: str, way_out: str = "") -> NoReturn:
        raise Unsupported(start, end, found, expected, way_out)


def _unescape(character: str, mode: str, quoted: bool) -> str:
    if mode == "pattern":
        return glob.escape(character) if character in "\\*?[]" else character
    if mode == "replacement" and not quoted:
        return character
    return character if character in '$`"\\}' else f"\\{character}"


def _joined(pieces: list[Piece]) -> Word:
    joined: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Literal) and joined and isinstance(joined[-1], Literal):
            joined[-1] = Literal(joined[-1].text + piece.text)
        else:
            joined.append(piece)
    return tuple(joined)
