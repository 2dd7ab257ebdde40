"""The part of HCL that bake files are written in: blocks, attributes, and expressions to their values.

Numbers and truth values are kept as text. What would need the builder's functions, or a variable that the
file does not give, is `UNKNOWN`.
"""

from __future__ import annotations

import re
from itertools import count

from ctr_ci.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

DEEPEST = 60  # levels of expressions and blocks
LONGEST = 4096  # characters of a string; no path, name or stage has more


class Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()

if TYPE_CHECKING:
    Value: TypeAlias = str | list["Value"] | dict[str, "Value"] | Unknown | None
    Expression: TypeAlias = Callable[[Mapping[str, Value]], Value]


class NotHcl(ValueError):
    """The text is not of the part of HCL that is read."""


@value
class Block:
    """`kind "label" { name = expression … }`; what blocks stand inside is passed over."""

    kind: str
    label: str
    attributes: dict[str, Expression]


_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r]+|\#[^\n]*|//[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<line>\n)
    |<<-?(?P<heredoc>[\w-]+)[ \t\r]*\n
    |(?P<quote>")
    |(?P<word>[A-Za-z_][\w-]*)
    |(?P<number>\d[\w.]*)
    |(?P<sign>==|!=|<=|>=|&&|\|\||=>|\.\.\.|[][(){}=,.?:!<>+*/%-])""",
    re.VERBOSE | re.DOTALL,
)
_BINARY = frozenset(["==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "%"])
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def read(text: str) -> tuple[Block, ...]:
    """The blocks of a file. Raises NotHcl."""
    try:
        return _Reader(text).blocks()
    except RecursionError as error:
        raise NotHcl("nested too deep") from error


def template(text: str) -> Expression:
    """What a string with `${…}` comes to. Raises NotHcl."""
    return _Reader(text).string("")


class _Reader:
    """Reads tokens one ahead: `kind` and `text` are the one that comes next."""

    def __init__(self, text: str) -> None:
        self._source = text
        self._at = 0
        self._depth = 0
        self.kind = self.text = ""

    def _next(self, lines: bool = False) -> str:
        """Takes the token that comes next and looks at the one behind it; `lines`: line ends count."""
        taken = self.text
        while True:
            match = _TOKEN.match(self._source, self._at)
            if match is None:
                if self._at < len(self._source):
                    raise NotHcl(f"at {self._at}")
                self.kind, self.text = "end", ""
                return taken
            self._at = match.end()
            kind = match.lastgroup or ""
            if kind == "blank" or (kind == "line" and not lines):
                continue
            self.kind, self.text = kind, match[kind]
            return taken

    def _expect(self, sign: str, lines: bool = False) -> None:
        if self.text != sign or self.kind != "sign":
            raise NotHcl(f"no {sign} at {self._at}")
        self._next(lines)

    def blocks(self) -> tuple[Block, ...]:
        found = []
        self._next()
        while self.kind != "end":
            if self.kind != "word":
                raise NotHcl(f"at {self._at}")
            name = self._next()
            if self.text == "=":
                self._next()
                self._expression(True)
                continue
            found.append(self._block(name))
        return tuple(found)

    def _block(self, kind: str) -> Block:
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotHcl("nested too deep")
        label = ""
        while self.kind in ("quote", "word"):
            said = self.string('"')({}) if self.kind == "quote" else self.text
            self._next()
            label = said if isinstance(said, str) else ""
        self._expect("{")
        attributes: dict[str, Expression] = {}
        while self.text != "}" or self.kind != "sign":
            if self.kind != "word":
                raise NotHcl(f"at {self._at}")
            name = self._next()
            if self.text == "=" and self.kind == "sign":
                self._next()
                attributes[name] = self._expression(True)
            else:
                self._block(name)
        self._depth -= 1
        self._next()
        return Block(kind, label, attributes)

    # -- expressions ------------------------------------------------------------------------------------

    def _expression(self, ends: bool) -> Expression:
        """One expression; `ends`: it ends with its line."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotHcl("nested too deep")
        made = self._compared(ends)
        if self.text == "?" and self.kind == "sign":
            self._next()
            yes = self._expression(False)
            self._expect(":")
            no, asked = self._expression(ends), made

            def chosen(known: Mapping[str, Value]) -> Value:
                said = asked(known)
                if said not in ("true", "false"):
                    return UNKNOWN
                return yes(known) if said == "true" else no(known)

            made = chosen
        self._depth -= 1
        if ends and self.kind == "line":
            self._next()
        return made

    def _compared(self, ends: bool) -> Expression:
        made = self._one(ends)
        for number in count():
            if self.kind != "sign" or self.text not in _BINARY:
                break
            sign = self._next_of(number)
            other = self._one(ends)
            made = _constant(UNKNOWN) if number else _comparison(sign, made, other)
        return made

    def _one(self, ends: bool) -> Expression:
        kind, text = self.kind, self.text
        made: Expression
        if kind == "quote":
            made = self.string('"')
            self._next(ends)
        elif kind == "heredoc":
            made = self._heredoc()
            self._next(ends)
        elif kind == "number":
            self._next(ends)
            made = _constant(text)
        elif kind == "word":
            self._next(ends)
            made = self._named(text, ends)
        elif text == "[":
            made = self._list(ends)
        elif text == "{":
            made = self._object(ends)
        elif text == "(":
            self._next()
            made = self._expression(False)
            self._expect(")", ends)
        elif text in ("!", "-"):
            self._next()
            self._expression(ends)
            made = _constant(UNKNOWN)
        else:
            raise NotHcl(f"no expression at {self._at}")
        for number in count():
            if self.kind != "sign" or self.text not in (".", "[", "..."):
                break
            made = self._part(made, ends, number)
        return made

    def _next_of(self, number: int) -> str:
        """The next of things that stand in a row, of which none has thousands."""
        if number > DEEPEST:
            raise NotHcl("too long")
        return self._next()

    def _named(self, word: str, ends: bool) -> Expression:
        if self.text == "(" and self.kind == "sign":
            self._skip("(", ")", ends)
            return _constant(UNKNOWN)
        if word in ("true", "false"):
            return _constant(word)
        if word == "null":
            return _constant(None)
        return lambda known: known.get(word, UNKNOWN)

    def _part(self, made: Expression, ends: bool, number: int) -> Expression:
        if self.text != ".":
            self._skip("[", "]", ends) if self.text == "[" else self._next(ends)
            return _constant(UNKNOWN)
        self._next_of(number)
        name = self._next(ends)

        def part(known: Mapping[str, Value]) -> Value:
            whole = made(known)
            return whole.get(name, UNKNOWN) if isinstance(whole, dict) else UNKNOWN

        return part

    def _list(self, ends: bool) -> Expression:
        items = []
        self._next()
        if self.text == "for" and self.kind == "word":
            self._skip("[", "]", ends, 1)
            return _constant(UNKNOWN)
        while self.text != "]" or self.kind != "sign":
            items.append(self._expression(False))
            if self.text == ",":
                self._next()
        self._next(ends)
        return lambda known: [item(known) for item in items]

    def _object(self, ends: bool) -> Expression:
        pairs: list[tuple[Expression, Expression]] = []
        self._next()
        if self.text == "for" and self.kind == "word":
            self._skip("{", "}", ends, 1)
            return _constant(UNKNOWN)
        while self.text != "}" or self.kind != "sign":
            if self.kind == "word":
                key: Expression = _constant(self._next())
            else:
                key = self._one(False)
            if self.text not in ("=", ":"):
                raise NotHcl(f"no = at {self._at}")
            self._next()
            pairs.append((key, self._expression(True)))
            if self.text == "," and self.kind == "sign":
                self._next()
        self._next(ends)

        def whole(known: Mapping[str, Value]) -> Value:
            keyed = [(key(known), said(known)) for key, said in pairs]
            return {key: said for key, said in keyed if isinstance(key, str)}

        return whole

    def _skip(self, opening: str, closing: str, ends: bool, open_: int = 0) -> None:
        """Passes over brackets and what is between them."""
        while True:
            if self.kind == "end":
                raise NotHcl(f"no {closing}")
            if self.kind == "quote":
                self.string('"')
            elif self.kind == "heredoc":
                self._heredoc()
            elif self.kind == "sign":
                open_ += (self.text == opening) - (self.text == closing)
            if not open_:
                self._next(ends)
                return
            self._next()

    # -- strings ----------------------------------------------------------------------------------------

    def string(self, end: str) -> Expression:
        """A template up to `end` (passed over), or to the end of the text."""
        parts: list[Expression | str] = []
        while True:
            sign = self._source[self._at : self._at + 1]
            self._at += 1
            if not sign:
                if end:
                    raise NotHcl("a string without its end")
                return _template(parts)
            if sign == end:
                return _template(parts)
            following = self._source[self._at : self._at + 2]
            if sign == "\\" and end:
                parts.append(_ESCAPES.get(following[:1], following[:1]))
                self._at += 1
            elif sign in "$%" and following == sign + "{":
                parts.append(sign + "{")
                self._at += 2
            elif sign in "$%" and following[:1] == "{":
                self._at += 1
                parts.append(self._inserted(sign))
            else:
                parts.append(sign)

    def _inserted(self, sign: str) -> Expression:
        if sign == "%":
            raise NotHcl("directives in strings are not read")
        self._next()
        made = self._expression(False)
        if self.text != "}":
            raise NotHcl("no } in a string")
        return made

    def _heredoc(self) -> Expression:
        end = re.compile(rf"^[ \t]*{re.escape(self.text)}[ \t\r]*$", re.MULTILINE).search(
            self._source, self._at
        )
        if end is None:
            raise NotHcl("a heredoc without its end")
        body = self._source[self._at : end.start()]
        self._at = end.end()
        return template(body)


def _constant(said: Value) -> Expression:
    return lambda known: said


def _comparison(sign: str, one: Expression, other: Expression) -> Expression:
    def compared(known: Mapping[str, Value]) -> Value:
        left, right = one(known), other(known)
        if sign not in ("==", "!=") or not (_is_plain(left) and _is_plain(right)):
            return UNKNOWN
        return "true" if (left == right) is (sign == "==") else "false"

    return compared


def _is_plain(said: Value) -> bool:
    return said is None or isinstance(said, str)


def _template(parts: list[Expression | str]) -> Expression:
    def whole(known: Mapping[str, Value]) -> Value:
        texts = []
        for part in parts:
            said = part if isinstance(part, str) else part(known)
            if not isinstance(said, str):
                return said if len(parts) == 1 else UNKNOWN
            texts.append(said)
        return "".join(texts) if sum(map(len, texts)) <= LONGEST else UNKNOWN

    return whole
