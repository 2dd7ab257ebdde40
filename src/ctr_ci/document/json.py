"""JSON with places. Scalars are the standard library's; the structure is walked here for its spans."""

from __future__ import annotations

import json
import re
from typing import NoReturn

from ctr_ci.document.node import DEEPEST, Entry, List, Map, Node, Scalar, unique
from ctr_ci.problem import InputError, Problem
from ctr_ci.source import Source

_SPACE = re.compile(r"[ \t\n\r]*")


def read_json(source: Source) -> tuple[Node, tuple[Problem, ...]]:
    reader = _Reader(source)
    node, at = reader.value(reader.skip(0), 1)
    at = reader.skip(at)
    if at < len(source.text):
        reader.fail(at, "text after the end of the document", "one JSON value in the file")
    return node, tuple(reader.problems)


def _constant(name: str) -> NoReturn:
    raise ValueError(name)


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.problems: list[Problem] = []
        self._scalars = json.JSONDecoder(parse_constant=_constant)

    def skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def fail(self, at: int, found: str, expected: str, way_out: str = "") -> NoReturn:
        span = self.source.span(at, min(at + 1, len(self.text)))
        raise InputError(Problem(found, expected, way_out, path=self.source.path, span=span))

    def value(self, at: int, depth: int) -> tuple[Node, int]:
        if depth > DEEPEST:
            self.fail(at, f"nested deeper than {DEEPEST} levels", "a document a person could read")
        opening = self.text[at : at + 1]
        if opening == "{":
            return self._map(at, depth)
        if opening == "[":
            return self._list(at, depth)
        return self._scalar(at)

    def _scalar(self, at: int) -> tuple[Scalar, int]:
        if at >= len(self.text):
            self.fail(at, "the end of the file", "a value")
        try:
            made, end = self._scalars.raw_decode(self.text, at)
        except json.JSONDecodeError as error:
            if self.text[at] == '"':
                self.fail(
                    at, "a text that is not closed, or with an escape that JSON does not know", 'a closing "'
                )
            self.fail(error.pos, f"{self.text[at : at + 10].split()[0]!r}", "a JSON value")
        except ValueError as error:  # NaN, Infinity, or more digits than Python converts
            self.fail(at, str(error), "a JSON value")
        kinds = {str: "text", bool: "bool", int: "int", float: "float", type(None): "null"}
        kind = kinds[type(made)]
        raw = made if kind == "text" else self.text[at:end]
        return Scalar(kind, made, raw, self.source.span(at, end)), end

    def _list(self, start: int, depth: int) -> tuple[Node, int]:
        items: list[Node] = []
        at = self.skip(start + 1)
        while self.text[at : at + 1] != "]":
            item, at = self.value(at, depth + 1)
            items.append(item)
            at = self._comma(at, "]")
        return List(tuple(items), self.source.span(start, at + 1)), at + 1

    def _map(self, start: int, depth: int) -> tuple[Node, int]:
        entries: list[Entry] = []
        at = self.skip(start + 1)
        while self.text[at : at + 1] != "}":
            if self.text[at : at + 1] != '"':
                self.fail(at, self.text[at : at + 1] or "the end of the file", "a key in double quotes")
            key, end = self._scalar(at)
            key_span = self.source.span(at, end)
            at = self.skip(end)
            if self.text[at : at + 1] != ":":
                self.fail(at, "no `:` after the key", "`:`")
            item, at = self.value(self.skip(at + 1), depth + 1)
            entries.append(Entry(key.text, key_span, item))
            at = self._comma(at, "}")
        kept, problems = unique(self.source, entries)
        self.problems += problems
        return Map(kept, self.source.span(start, at + 1)), at + 1

    def _comma(self, at: int, closing: str) -> int:
        """The start of the next item, or the index of the closing bracket."""
        at = self.skip(at)
        if self.text[at : at + 1] == ",":
            after = self.skip(at + 1)
            if self.text[after : after + 1] == closing:
                self.fail(at, f"a comma before `{closing}`", "another item", "remove the comma")
            return after
        if self.text[at : at + 1] != closing:
            found = self.text[at : at + 1] or "the end of the file"
            self.fail(at, f"{found!r}" if len(found) == 1 else found, f"`,` or `{closing}`")
        return at
