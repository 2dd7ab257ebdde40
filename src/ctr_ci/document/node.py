"""What a document is made of: scalars, lists and maps, each with its span."""

from __future__ import annotations

from collections.abc import Iterable

from ctr_ci.problem import Problem
from ctr_ci.source import Source, Span
from ctr_ci.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

DEEPEST = 100  # levels; nothing sane nests deeper, and readers may recurse


@value
class Scalar:
    """One value that is no collection.

    `kind` is "text", "int", "float", "bool", "null" or "date" (`value` is then the text). `text`
    is what the file says: `3.10` stays `3.10` whatever its kind; quotes and escapes are undone.
    """

    kind: str
    value: str | int | float | bool | None
    text: str
    span: Span


@value
class List:
    items: tuple[Node, ...]
    span: Span


@value
class Entry:
    """One `key: value` of a map. A key is text, whatever it would be as a value."""

    key: str
    key_span: Span
    value: Node


@value
class Map:
    """Keys are unique; merged (`<<`) entries stand first."""

    entries: tuple[Entry, ...]
    span: Span

    def entry(self, key: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.key == key), None)


if TYPE_CHECKING:
    Node: TypeAlias = Scalar | List | Map
else:
    Node = (Scalar, List, Map)  # for isinstance; a union type costs an import


def unique(source: Source, entries: Iterable[Entry]) -> tuple[tuple[Entry, ...], tuple[Problem, ...]]:
    """The first entry of each key, and a problem for each later one, with both places."""
    first: dict[str, Entry] = {}
    problems = []
    for entry in entries:
        known = first.setdefault(entry.key, entry)
        if known is not entry:
            problems.append(duplicate(source, entry.key, known.key_span, entry.key_span))
    return tuple(first.values()), tuple(problems)


def duplicate(source: Source, key: str, first: Span, second: Span) -> Problem:
    return Problem(
        f"duplicate key {key!r}, first given at {first.start.line}:{first.start.column}",
        expected="each key once",
        help="readers disagree about which of the two counts: remove one",
        path=source.path,
        span=second,
    )


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that `word` probably means, None where none is near."""
    from difflib import get_close_matches

    names = {name.lower().replace("-", "").replace("_", ""): name for name in known}
    near = get_close_matches(word.lower().replace("-", "").replace("_", ""), names, n=1, cutoff=0.65)
    return names[near[0]] if near else None
