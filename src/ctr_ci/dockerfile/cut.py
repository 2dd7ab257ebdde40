"""Cuts a source into instructions: continued lines joined, comments and blank lines set aside.

BuildKit `parser/parser.go`. Our own scanner and not dockerfile-parse's: that one has no columns,
takes heredoc lines for instructions, and its import alone would cost the linter's cold start
(`second_reader` uses it where an independent opinion is wanted). Knows no instruction but by name.
"""

from __future__ import annotations

from ctr_ci.dockerfile.directive import Directive, directive
from ctr_ci.dockerfile.instruction import Comment, Heredoc
from ctr_ci.dockerfile.text import SPACE, Text, Word
from ctr_ci.problem import Problem
from ctr_ci.source import Source
from ctr_ci.value import value

LONGEST_LINE = 65535  # bytes; bufio.MaxScanTokenSize - 1
_INSTRUCTIONS = (
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL "
    "STOPSIGNAL USER VOLUME WORKDIR"
)
KEYWORDS = frozenset(_INSTRUCTIONS.split())


@value
class Head:
    """An instruction without its heredoc bodies: `text` is joined and trimmed."""

    text: Text
    above: tuple[Comment, ...]
    comments: tuple[Comment, ...]
    blanks: tuple[int, ...]
    last_line: int


class Cutter:
    """Walks the lines of a source. `escape` is settled when the first head has been cut."""

    __slots__ = (
        "_above",
        "_at",
        "_last",
        "_lines",
        "_offsets",
        "_top",
        "directives",
        "escape",
        "problems",
        "source",
    )

    def __init__(self, source: Source) -> None:
        parts = source.text.split("\n")
        offsets, at = [], 0
        for part in parts:
            offsets.append(at)
            at += len(part) + 1
        if not parts[-1]:
            parts.pop()
        self._lines = [part.rstrip("\r") for part in parts] if "\r" in source.text else parts
        self._offsets = offsets
        self._at = 0
        # where a line last occurs, with its tabs and (True) without; made when a heredoc is met
        self._last: dict[bool, dict[str, int]] = {}
        self._top = True
        self._above: list[Comment] = []
        self.source = source
        self.escape = "\\"
        self.directives: list[Directive] = []
        self.problems: list[Problem] = []
        for number, line in enumerate(self._lines):
            if len(line) > LONGEST_LINE // 4 and len(line.encode("utf-8", "surrogateescape")) > LONGEST_LINE:
                self._complain(
                    f"line {number + 1} has more than {LONGEST_LINE:,} bytes", "a shorter line", number
                )

    @property
    def comments_left(self) -> tuple[Comment, ...]:
        """The comments behind the last instruction."""
        return tuple(self._above)

    def _complain(self, found: str, expected: str, number: int) -> None:
        start = self._offsets[number]
        span = self.source.span(start, start + len(self._lines[number]))
        self.problems.append(Problem(found, expected, path=self.source.path, span=span))

    def _comment(self, line: str, offset: int, inside: bool) -> Comment:
        body = line.lstrip(SPACE)
        start = offset + len(line) - len(body)
        return Comment(body[1:].strip(SPACE), start, offset + len(line), self.source, inside)

    def _directive(self, number: int) -> bool:
        found = directive(self.source, self._lines[number], self._offsets[number])
        if found is None:
            self._top = False
            return False
        if found.name in [other.name for other in self.directives]:
            self._complain(f"a second {found.name} directive", "only one of each", number)
            self._top = False
            return True
        self.directives.append(found)
        if found.name == "escape":
            if found.value in ("\\", "`"):
                self.escape = found.value
            else:
                self._complain(f"the escape character {found.value!r}", "\\ or `", number)
        return True

    def head(self) -> Head | None:
        """The next instruction, None at the end of the file."""
        lines, offsets, count = self._lines, self._offsets, len(self._lines)
        while self._at < count:
            number = self._at
            line = lines[number]
            self._at += 1
            body = line.lstrip(SPACE)
            if self._top and self._directive(number):
                continue
            if not body:
                continue
            offset = offsets[number]
            if body[0] == "#":
                self._above.append(self._comment(line, offset, inside=False))
                continue
            above = tuple(self._above)
            self._above.clear()
            start = offset + len(line) - len(body)
            tail = body.rstrip(" \t")
            escape = self.escape
            if not tail.endswith(escape) or tail[-2:-1] == escape:
                text = body.rstrip(SPACE)
                return Head(Text(text, self.source, (0,), (start,)), above, (), (), number + 1)
            return self._continued(tail[:-1], start, above)
        return None

    def _continued(self, first: str, start: int, above: tuple[Comment, ...]) -> Head:
        lines, offsets, count, escape = self._lines, self._offsets, len(self._lines), self.escape
        pieces, origins = [first], [start]
        comments: list[Comment] = []
        blanks: list[int] = []
        while self._at < count:
            number = self._at
            line, offset = lines[number], offsets[number]
            self._at += 1
            body = line.lstrip(SPACE)
            if not body:
                blanks.append(number + 1)
                continue
            if body[0] == "#":
                comments.append(self._comment(line, offset, inside=True))
                continue
            tail = line.rstrip(" \t")
            if tail.endswith(escape) and tail[-2:-1] != escape:
                pieces.append(tail[:-1])
                origins.append(offset)
                continue
            pieces.append(line)
            origins.append(offset)
            break
        text = _joined(pieces, origins, self.source)
        return Head(text, above, tuple(comments), tuple(blanks), self._at)

    def heredocs(self, head: Head) -> tuple[Heredoc, ...]:
        """The here-documents that a line announces; their bodies are taken from the lines that follow."""
        from ctr_ci.dockerfile.heredoc import heredoc_mark, raw_words
        from ctr_ci.dockerfile.pattern import LexError

        found: list[Heredoc] = []
        at = 0
        for raw in raw_words(head.text.text):
            try:
                mark = heredoc_mark(raw)
            except LexError as error:
                word = head.text.word(0, len(head.text.text))
                self.problems.append(
                    Problem(f"a heredoc that cannot be read: {error}", path=self.source.path, span=word.span)
                )
                continue
            if mark is None:
                continue
            start = head.text.text.find(raw, at)
            at = start + len(raw) if start >= 0 else at
            word = head.text.word(max(start, 0), at)
            found.append(self._body(word, *mark))
        return tuple(found)

    def _body(self, word: Word, name: str, chomp: bool, expand: bool, descriptor: int) -> Heredoc:
        lines, offsets, count = self._lines, self._offsets, len(self._lines)
        first = self._at
        start = offsets[first] if first < len(offsets) else len(self.source.text)
        number, terminated = first, False
        if chomp not in self._last:
            self._last[chomp] = {line.lstrip("\t") if chomp else line: at for at, line in enumerate(lines)}
        ends = self._last[chomp].get(name, -1) >= first
        while ends and number < count:
            line = lines[number].lstrip("\t") if chomp else lines[number]
            if line == name:
                terminated = True
                break
            number += 1
        if terminated:
            stop, end = offsets[number], offsets[number] + len(lines[number])
            self._at = number + 1
        else:
            number = first
            while number < count and not _starts_instruction(lines[number]):
                number += 1
            self._at = number
            stop = offsets[number] if number < count else len(self.source.text)
            end = stop if number > first else word.end
            if end and end > word.end and self.source.text[end - 1 : end] == "\n":
                end -= 1
            self.problems.append(
                Problem(
                    f"the heredoc {word.text} has no end",
                    f"a line that is exactly {name!r}" + (" behind tabs" if chomp else ""),
                    "quote << when no heredoc is meant",
                    self.source.path,
                    word.span,
                )
            )
        body = Text(self.source.text[start:stop], self.source, (0,), (min(start, len(self.source.text)),))
        return Heredoc(name, word, body, end, expand, chomp, descriptor, terminated)


def _starts_instruction(line: str) -> bool:
    """Whether a line looks like the next instruction: where an endless heredoc is given up."""
    return line.partition(" ")[0] in KEYWORDS


def _joined(pieces: list[str], origins: list[int], source: Source) -> Text:
    """The pieces as one text, without outer blanks."""
    text = "".join(pieces)
    starts, at = [], 0
    kept: list[int] = []
    for piece, origin in zip(pieces, origins, strict=True):
        if piece:
            starts.append(at)
            kept.append(origin)
            at += len(piece)
    if not starts:
        return Text("", source, (0,), (origins[0],))
    whole = Text(text, source, tuple(starts), tuple(kept))
    body = text.lstrip(SPACE)
    lead = len(text) - len(body)
    body = body.rstrip(SPACE)
    if not lead and len(body) == len(text):
        return whole
    return whole.part(lead, lead + len(body))
