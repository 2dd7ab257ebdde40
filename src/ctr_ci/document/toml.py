"""TOML with places.

The standard library checks and reads the text but says nothing of where things stand. So this
module walks a text that is known to be valid, finds the keys and the extent of each value, and
has the library read each scalar alone.
"""

from __future__ import annotations

import datetime
import re
import tomllib

from ctr_ci.document.node import Entry, List, Map, Node, Scalar
from ctr_ci.problem import InputError, Problem
from ctr_ci.source import Source, Span

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[ \t]*([A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')[ \t]*""")
_SCALAR = re.compile(
    r'''"""(?:[^\\]|\\.)*?"{3,5}(?!")|\'\'\'.*?\'{3,5}(?!\')|"(?:[^"\\]|\\.)*"|'[^']*'|[^,\]}#\r\n]+''',
    re.DOTALL,
)
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class _Table:
    """A table while it grows: TOML may add to it from several places."""

    def __init__(self, span: Span) -> None:
        self.span = span
        self.entries: dict[str, tuple[Span, _Table | list[_Table] | Node]] = {}

    def node(self) -> Map:
        entries = []
        for key, (key_span, held) in self.entries.items():
            if isinstance(held, _Table):
                entries.append(Entry(key, key_span, held.node()))
            elif isinstance(held, list):
                items = tuple([table.node() for table in held])
                entries.append(
                    Entry(key, key_span, List(items, Span(items[0].span.start, items[-1].span.end)))
                )
            else:
                entries.append(Entry(key, key_span, held))
        return Map(tuple(entries), self.span)


def read_toml(source: Source) -> tuple[Node, tuple[Problem, ...]]:
    """The root table. Raises InputError where the text is no TOML, duplicate keys included."""
    try:
        tomllib.loads(source.text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(_explain(source, str(error))) from error
    except RecursionError as error:
        raise InputError(Problem("nested too deeply", path=source.path)) from error
    return _Reader(source).root(), ()


def _explain(source: Source, words: str) -> Problem:
    place = _PLACE.search(words)
    text = source.text.replace("\r\n", "\n")
    if place and place[1]:
        lines = text.split("\n")
        at = source.offset(source.position(0)) + sum(
            len(line) + 1 + (source.newline == "\r\n") for line in lines[: int(place[1]) - 1]
        )
        at += int(place[2]) - 1
    else:
        at = len(source.text)
    found = _PLACE.sub("", words)
    span = source.span(min(at, len(source.text)), min(at + 1, len(source.text)))
    return Problem(found[0].lower() + found[1:], "valid TOML", path=source.path, span=span)


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text

    def root(self) -> Map:
        root = _Table(self.source.span(0, len(self.text)))
        table, at = root, self._skip(0)
        while at < len(self.text):
            if self.text[at] == "[":
                table, at = self._header(root, at)
            else:
                at = self._pair(table, at)
            at = self._skip(at)
        return root.node()

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def _keys(self, at: int) -> tuple[list[tuple[str, Span]], int]:
        keys = []
        while match := _KEY.match(self.text, at):
            written = match[1]
            key = written if written[0] not in "\"'" else next(iter(tomllib.loads(f"{written} = 0")))
            keys.append((key, self.source.span(match.start(1), match.end(1))))
            at = match.end()
            if self.text[at : at + 1] != ".":
                break
            at += 1
        return keys, at

    def _header(self, root: _Table, start: int) -> tuple[_Table, int]:
        double = self.text.startswith("[[", start)
        keys, at = self._keys(start + 1 + double)
        at += 1 + double
        span = self.source.span(start, at)
        table = self._inside(root, keys[:-1], span)
        key, key_span = keys[-1]
        held = table.entries.get(key)
        made = _Table(span)
        if double:
            tables = held[1] if held and isinstance(held[1], list) else []
            table.entries[key] = held[0] if held else key_span, [*tables, made]
            return made, at
        if held and isinstance(held[1], _Table):
            return held[1], at
        table.entries[key] = key_span, made
        return made, at

    def _inside(self, table: _Table, keys: list[tuple[str, Span]], span: Span) -> _Table:
        for key, key_span in keys:
            _, held = table.entries.setdefault(key, (key_span, _Table(span)))
            if isinstance(held, list):
                table = held[-1]
            elif isinstance(held, _Table):
                table = held
        return table

    def _pair(self, table: _Table, start: int) -> int:
        keys, at = self._keys(start)
        value, end = self._value(self._skip(at + 1))
        key, key_span = keys[-1]
        self._inside(table, keys[:-1], key_span).entries[key] = key_span, value
        return end

    def _value(self, start: int) -> tuple[Node, int]:
        opening = self.text[start]
        if opening == "[":
            return self._list(start)
        if opening == "{":
            return self._inline(start)
        match = _SCALAR.match(self.text, start)
        written = match[0].rstrip() if match else ""
        end = start + len(written)
        made = tomllib.loads(f"x = {written}".replace("\r\n", "\n"))["x"]
        return self._scalar(made, written, self.source.span(start, end)), end

    def _scalar(self, made: object, written: str, span: Span) -> Scalar:
        if isinstance(made, str):
            return Scalar("text", made, made, span)
        if isinstance(made, bool):
            return Scalar("bool", made, written, span)
        if isinstance(made, int):
            return Scalar("int", made, written, span)
        if isinstance(made, float):
            return Scalar("float", made, written, span)
        assert isinstance(made, datetime.date | datetime.time)
        return Scalar("date", written, written, span)

    def _list(self, start: int) -> tuple[List, int]:
        items: list[Node] = []
        at = self._skip(start + 1)
        while self.text[at] != "]":
            item, at = self._value(at)
            items.append(item)
            at = self._skip(at)
            if self.text[at] == ",":
                at = self._skip(at + 1)
        return List(tuple(items), self.source.span(start, at + 1)), at + 1

    def _inline(self, start: int) -> tuple[Map, int]:
        table = _Table(self.source.span(start, start))
        at = self._skip(start + 1)
        while self.text[at] != "}":
            at = self._skip(self._pair(table, at))
            if self.text[at] == ",":
                at = self._skip(at + 1)
        table.span = self.source.span(start, at + 1)
        return table.node(), at + 1
