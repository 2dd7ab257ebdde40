"""BuildKit's own small shell lexer: quotes, escapes, variables with modifiers, words.

It is what expands ENV, COPY, FROM and the like, and what finds heredocs in a line
(BuildKit `frontend/dockerfile/shell/lex.go`). Knows no instructions; what a variable holds is asked
of `lookup`.
"""

from __future__ import annotations

from ctr_ci.dockerfile.pattern import LexError, as_regex, reversed_pattern, without_prefix
from ctr_ci.dockerfile.text import SPACE, UNKNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SPECIAL = "@*#?-$!0"
MOST = 1 << 24  # characters that one replacement may come to, or look at
DEEPEST = 100  # levels of ${a:-${b:-…}}; a level takes three frames of the thousand that there are


class Lexer:
    """Reads one word or line. `lookup(name)` is the variable's value, None when it is not set.

    With `raw` quotes and escapes stay in the result, and a variable that is not set stays as
    written. `names` are the variables read; `unset` those not set where no modifier says what then.
    """

    __slots__ = (
        "at",
        "depth",
        "escape",
        "keep_unset",
        "lookup",
        "names",
        "raw_escapes",
        "raw_quotes",
        "text",
        "unset",
    )

    def __init__(
        self,
        text: str,
        escape: str,
        lookup: Callable[[str], str | None],
        raw_quotes: bool = False,
        raw_escapes: bool = False,
        keep_unset: bool = False,
    ) -> None:
        self.text = text
        self.escape = escape
        self.lookup = lookup
        self.raw_quotes = raw_quotes
        self.raw_escapes = raw_escapes
        self.keep_unset = keep_unset
        self.at = 0
        self.depth = 0
        self.names: list[str] = []
        self.unset: list[str] = []

    def read(self) -> tuple[str, list[str]]:
        """The text processed as a whole, and cut to words. Raises LexError."""
        return self._until("", self.raw_escapes)

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _next(self) -> str:
        char = self.text[self.at : self.at + 1]
        self.at += 1
        return char

    def _until(self, stop: str, raw_escapes: bool) -> tuple[str, list[str]]:
        text, size = self.text, len(self.text)
        kept = self.raw_escapes
        self.raw_escapes = raw_escapes
        out: list[str] = []
        words: list[str] = []
        word = ""
        while self.at < size:
            char = text[self.at]
            if stop and char == stop:
                self.at += 1
                self.raw_escapes = kept
                if word:
                    words.append(word)
                return "".join(out), words
            if char == "'":
                piece = self._single()
                word += piece
            elif char == '"':
                piece = self._double()
                word += piece
            elif char == "$":
                piece = self._dollar()
                for each in piece:
                    if each not in SPACE:
                        word += each
                    elif word:
                        words.append(word)
                        word = ""
            elif char == "<":
                piece = self._less()
                word += piece
            elif char == self.escape:
                self.at += 1
                piece = char if raw_escapes else ""
                if self.at < size:
                    piece += text[self.at]
                    self.at += 1
                word += piece
            else:
                self.at += 1
                piece = char
                if char not in SPACE:
                    word += char
                elif word:
                    words.append(word)
                    word = ""
            out.append(piece)
        self.raw_escapes = kept
        if stop:
            raise LexError(f"there is no closing {stop}")
        if word:
            words.append(word)
        return "".join(out), words

    def _single(self) -> str:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise LexError("a single quote is not closed")
        body = self.text[self.at + 1 : end]
        self.at = end + 1
        return f"'{body}'" if self.raw_quotes else body

    def _double(self) -> str:
        text, size = self.text, len(self.text)
        self.at += 1
        out = ['"'] if self.raw_quotes else []
        while self.at < size:
            char = text[self.at]
            if char == '"':
                self.at += 1
                if self.raw_quotes:
                    out.append('"')
                return "".join(out)
            if char == "$":
                out.append(self._dollar())
                continue
            self.at += 1
            if char == self.escape:
                if self.raw_escapes:
                    out.append(char)
                follows = text[self.at : self.at + 1]
                if not follows:
                    continue
                if follows in ('"', "$", self.escape):
                    char = follows
                    self.at += 1
            out.append(char)
        raise LexError("a double quote is not closed")

    def _less(self) -> str:
        self.at += 1
        if self._peek() != "<":
            return "<"
        self.at += 1
        start = self.at
        while self.at < len(self.text) and self.text[self.at] in "\t\r ":
            self.at += 1
        return "<<" + self.text[start : self.at]

    def _name(self) -> str:
        text, size, start = self.text, len(self.text), self.at
        if start < size and text[start].isdigit():
            while self.at < size and text[self.at].isdigit():
                self.at += 1
            return text[start : self.at]
        if start < size and text[start] in SPECIAL:
            self.at += 1
            return text[start]
        while self.at < size and (text[self.at].isalnum() or text[self.at] == "_"):
            self.at += 1
        return text[start : self.at]

    def _value(self, name: str, plain: bool) -> str | None:
        found = self.lookup(name)
        self.names.append(name)
        if found is None and plain:
            self.unset.append(name)
        return found

    def _dollar(self) -> str:
        if self.depth == DEEPEST:
            raise LexError(f"the variables are nested more than {DEEPEST} deep")
        self.depth += 1
        try:
            return self._substituted()
        finally:
            self.depth -= 1

    def _substituted(self) -> str:
        self.at += 1
        if self._peek() != "{":
            name = self._name()
            if not name:
                return "$"
            value = self._value(name, plain=True)
            if value is None:
                return f"${name}" if self.keep_unset else ""
            return value
        self.at += 1
        follows = self._peek()
        if not follows:
            raise LexError("there is no closing }")
        if follows in "{}:":
            raise LexError("bad substitution")
        name = self._name()
        operator = self._next()
        if not operator:
            raise LexError("there is no closing }")
        if operator == "}":
            value = self._value(name, plain=True)
            if value is None:
                return f"${{{name}}}" if self.keep_unset else ""
            return value
        if operator == "/":
            return self._replaced(name)
        empty_counts = operator == ":"
        if empty_counts:
            operator = self._next()
        elif operator not in "+-?#%":
            raise LexError(f"unsupported modifier ({operator}) in substitution")
        if empty_counts and operator and operator in "#%":
            raise LexError(f"unsupported modifier (:{operator}) in substitution")
        try:
            word, _ = self._until("}", operator in ("#", "%"))
        except LexError:
            if self.at >= len(self.text):
                raise LexError("there is no closing }") from None
            raise
        return self._modified(name, operator, empty_counts, word)

    def _modified(self, name: str, operator: str, empty_counts: bool, word: str) -> str:
        value = self._value(name, plain=operator not in ("-", "+", "?"))
        if value is None and self.keep_unset:
            return f"${{{name}{':' if empty_counts else ''}{operator}{word}}}"
        missing = value is None or (empty_counts and value == "")
        if operator == "-":
            return word if missing or value is None else value
        if operator == "+":
            if missing:
                return ""
            return UNKNOWN if empty_counts and value == UNKNOWN else word
        if operator == "?":
            if missing or value is None:
                fault = "is not allowed to be unset" if value is None else "is not allowed to be empty"
                raise LexError(f"{name}: {word or fault}")
            return value
        if operator not in ("#", "%"):
            raise LexError(f"unsupported modifier (:{operator}) in substitution")
        longest = word.startswith(operator)
        pattern = word[1:] if longest else word
        held = value or ""
        if UNKNOWN in held:
            return UNKNOWN
        if operator == "%":
            return without_prefix(reversed_pattern(pattern), held[::-1], longest)[::-1]
        return without_prefix(pattern, held, longest)

    def _replaced(self, name: str) -> str:
        everywhere = self._peek() == "/"
        if everywhere:
            self.at += 1
        try:
            pattern, _ = self._until("/", True)
            replacement, _ = self._until("}", True)
        except LexError:
            if self.at >= len(self.text):
                raise LexError("there is no closing / or }") from None
            raise
        value = self._value(name, plain=True)
        if value is None and self.keep_unset:
            return f"${{{name}/{pattern}/{replacement}}}"
        held = value or ""
        if UNKNOWN in held or len(held) * (len(replacement) + len(held) * ("*" in pattern)) > MOST:
            return UNKNOWN
        import re

        found = re.compile(as_regex(pattern, greedy=True))
        return found.sub(lambda _: replacement, held, count=0 if everywhere else 1)
