"""Text that was read from somewhere, and places in it.

Lines and columns count from 1, columns in characters, ends are exclusive. Knows no file format.
Lines end at `\n` only, as BuildKit's scanner reads them; one `\r` before it belongs to the end.
"""

from __future__ import annotations

from bisect import bisect_right

from ctr_ci.value import value

BOM = "\ufeff"


@value
class Position:
    """A place between two characters: `line` and `column`, both from 1."""

    line: int
    column: int

    def __lt__(self, other: Position) -> bool:
        return (self.line, self.column) < (other.line, other.column)

    def __le__(self, other: Position) -> bool:
        return (self.line, self.column) <= (other.line, other.column)


@value
class Span:
    """The characters from `start` up to, not including, `end`."""

    start: Position
    end: Position

    def covers(self, other: Span) -> bool:
        return self.start <= other.start and other.end <= self.end

    def __str__(self) -> str:
        return f"{self.start.line}:{self.start.column}-{self.end.line}:{self.end.column}"


class Source:
    """A text with its path; every byte of the original comes back from `encode(text)`.

    `text` has no byte order mark (`bom` says whether there was one) and keeps its line ends.
    Bytes that are not UTF-8 are kept as surrogate escapes.
    """

    __slots__ = ("_starts", "bom", "lines", "path", "text")

    def __init__(self, path: str, text: str, bom: bool = False) -> None:
        if text.startswith(BOM):
            text, bom = text[1:], True
        self.path = path
        self.text = text
        self.bom = bom
        parts = text.split("\n")
        starts, at = [], 0
        for part in parts:
            starts.append(at)
            at += len(part) + 1
        self._starts = starts
        self.lines: tuple[str, ...] = tuple([p[:-1] if p.endswith("\r") else p for p in parts])

    @classmethod
    def decode(cls, path: str, raw: bytes) -> Source:
        return cls(path, raw.decode("utf-8", "surrogateescape"))

    def encode(self, text: str | None = None) -> bytes:
        """The bytes of `text` (of the source itself by default) as this source writes them."""
        body = self.text if text is None else text
        return ((BOM if self.bom else "") + body).encode("utf-8", "surrogateescape")

    @property
    def newline(self) -> str:
        """The line end of the first line: what an inserted line should end with."""
        at = self.text.find("\n")
        return "\r\n" if at > 0 and self.text[at - 1] == "\r" else "\n"

    def offset(self, position: Position) -> int:
        """The index into `text` of a position; clipped to the text."""
        if position.line > len(self._starts):
            return len(self.text)
        return min(self._starts[position.line - 1] + position.column - 1, len(self.text))

    def position(self, offset: int) -> Position:
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)

    def span(self, start: int, end: int) -> Span:
        """The span of two offsets into `text`."""
        return Span(self.position(start), self.position(end))

    def slice(self, span: Span) -> str:
        return self.text[self.offset(span.start) : self.offset(span.end)]


def visible(text: str, keep: str = "") -> str:
    """Foreign text, safe on one line of a terminal or a CI's log: what cannot be printed, but for the
    characters of `keep`, is shown as an escape. A name may hold a terminal's command, or a line end and
    then what a CI takes for a command of its own."""
    if text.isprintable():
        return text
    kept = (c if c.isprintable() or c in keep else c.encode("unicode_escape").decode("ascii") for c in text)
    return "".join(kept)
