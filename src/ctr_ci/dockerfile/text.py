"""Words and texts that were read out of a source and know where each character stood.

A continued instruction, or a heredoc handed to a shell, is a text in several pieces: each piece
is a run of characters copied from the source. Knows nothing of instructions.
"""

from __future__ import annotations

from bisect import bisect_right

from ctr_ci.source import Source, Span
from ctr_ci.value import value

# What Go's unicode.IsSpace accepts; Python's str.isspace takes more.
SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a" + (
    "\u2028\u2029\u202f\u205f\u3000"
)
UNKNOWN = "\ufdd0"  # stands in a result for the value of a variable that is set to we know not what


@value
class Word:
    """One argument: its `text` (as written without continuations; decoded when it was a JSON string).

    `start` and `end` are offsets into `source.text`; `span` is the same place in lines and columns.
    """

    text: str
    start: int
    end: int
    source: Source

    @property
    def span(self) -> Span:
        return self.source.span(self.start, self.end)

    def __repr__(self) -> str:
        return f"Word({self.text!r}, {self.start}, {self.end})"

    def __str__(self) -> str:
        return self.text


@value
class Text:
    """A text whose character `starts[i] + k` stands at offset `origins[i] + k` of the source.

    `ends`, where given, says where each piece ends in the source: an escape is longer there.
    """

    text: str
    source: Source
    starts: tuple[int, ...]
    origins: tuple[int, ...]
    ends: tuple[int, ...] = ()

    def __repr__(self) -> str:
        return f"Text({self.text!r}, origins={self.origins!r})"

    def __str__(self) -> str:
        return self.text

    def offset(self, at: int) -> int:
        """The source offset of character `at` of the text (its end, when `at` is its length)."""
        if len(self.starts) == 1:
            return self.origins[0] + at
        if at >= len(self.text) and at:
            return self.end(at)
        piece = bisect_right(self.starts, at) - 1
        return self.origins[piece] + at - self.starts[piece]

    def end(self, at: int) -> int:
        """The source offset just behind character `at - 1`: where a range that ends at `at` ends."""
        if len(self.starts) == 1 and not self.ends:
            return self.origins[0] + at
        if at == 0:
            return self.origins[0]
        piece = bisect_right(self.starts, at - 1) - 1
        if self.ends and (piece + 1 == len(self.starts) or self.starts[piece + 1] == at):
            return self.ends[piece]
        return self.origins[piece] + at - self.starts[piece]

    def span(self, start: int, end: int) -> Span:
        """Where the characters `start` to `end` (exclusive) of the text stand in the source."""
        first = self.offset(start)
        return self.source.span(first, max(first, self.end(end)))

    def word(self, start: int, end: int) -> Word:
        if len(self.starts) == 1 and not self.ends:
            origin = self.origins[0]
            return Word(self.text[start:end], origin + start, origin + end, self.source)
        first = self.offset(start)
        return Word(self.text[start:end], first, max(first, self.end(end)), self.source)

    def part(self, start: int, end: int) -> Text:
        """The characters from `start` to `end`, as a text of their own."""
        if len(self.starts) == 1 and not self.ends:
            return Text(self.text[start:end], self.source, (0,), (self.origins[0] + start,))
        first = max(bisect_right(self.starts, start) - 1, 0)
        last = max(bisect_right(self.starts, max(start, end - 1)) - 1, first)
        starts = [0] + [at - start for at in self.starts[first + 1 : last + 1]]
        origins = [self.origins[first] + start - self.starts[first], *self.origins[first + 1 : last + 1]]
        ends = self.ends[first : last + 1]
        return Text(self.text[start:end], self.source, tuple(starts), tuple(origins), ends)
