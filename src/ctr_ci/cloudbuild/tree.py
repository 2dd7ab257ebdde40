"""A config as the field table sees it: messages of typed leaves, every one with its place.

Generic on purpose: substitution and the checks of size walk this tree by the table alone, so that
no field can be forgotten in one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Generic, TypeVar

from ctr_ci.cloudbuild.fields import Field
from ctr_ci.source import Span
from ctr_ci.value import value

T = TypeVar("T")


@value
class At(Generic[T]):
    """A value and its place in the file."""

    value: T
    span: Span


@value
class Leaf:
    """A scalar of one of the table's kinds."""

    value: str | bool | int | timedelta
    span: Span


@value
class Pair:
    key: At[str]
    value: At[str]


@value
class Pairs:
    pairs: tuple[Pair, ...]
    span: Span


@value
class Many:
    """`items` are leaves or messages, as the field says."""

    items: tuple[Leaf | Message, ...]
    span: Span


@value
class Held:
    """A field that is given, where its key stands, and what it holds."""

    field: Field
    key_span: Span
    value: Leaf | Pairs | Many | Message


@value
class Message:
    """One message: the fields that are given, in the file's order. Readers below give None or
    nothing for what is absent; the reader has made sure of the types."""

    name: str
    held: tuple[Held, ...]
    span: Span

    def find(self, field: str) -> Held | None:
        return next((held for held in self.held if held.field.name == field), None)

    def text(self, field: str) -> At[str] | None:
        return next(iter(self.texts(field)), None)

    def texts(self, field: str) -> tuple[At[str], ...]:
        return tuple(At(leaf.value, leaf.span) for leaf in self._leaves(field) if isinstance(leaf.value, str))

    def flag(self, field: str) -> At[bool] | None:
        found = (At(leaf.value, leaf.span) for leaf in self._leaves(field) if isinstance(leaf.value, bool))
        return next(found, None)

    def numbers(self, field: str) -> tuple[At[int], ...]:
        return tuple(At(leaf.value, leaf.span) for leaf in self._leaves(field) if isinstance(leaf.value, int))

    def duration(self, field: str) -> At[timedelta] | None:
        leaves = self._leaves(field)
        found = (At(leaf.value, leaf.span) for leaf in leaves if isinstance(leaf.value, timedelta))
        return next(found, None)

    def pairs(self, field: str) -> tuple[Pair, ...]:
        held = self.find(field)
        return held.value.pairs if held and isinstance(held.value, Pairs) else ()

    def messages(self, field: str) -> tuple[Message, ...]:
        held = self.find(field)
        if held and isinstance(held.value, Message):
            return (held.value,)
        if held and isinstance(held.value, Many):
            return tuple(item for item in held.value.items if isinstance(item, Message))
        return ()

    def message(self, field: str) -> Message:
        """The message of a field; an empty one at our own place where it is absent."""
        return next(iter(self.messages(field)), Message(field, (), self.span))

    def _leaves(self, field: str) -> tuple[Leaf, ...]:
        held = self.find(field)
        if held and isinstance(held.value, Leaf):
            return (held.value,)
        if held and isinstance(held.value, Many):
            return tuple(item for item in held.value.items if isinstance(item, Leaf))
        return ()


def texts(message: Message) -> Iterator[tuple[Field, At[str]]]:
    """Every text leaf of a message and of those below it, with its field."""
    for held in message.held:
        items = held.value.items if isinstance(held.value, Many) else (held.value,)
        for item in items:
            if isinstance(item, Message):
                yield from texts(item)
            elif isinstance(item, Leaf) and isinstance(item.value, str):
                yield held.field, At(item.value, item.span)


def change(message: Message, to: Callable[[str, Span], str]) -> Message:
    """A copy in which every text of a field that substitutes is what `to` makes of it."""

    def leaf(field: Field, item: Leaf | Message) -> Leaf | Message:
        if isinstance(item, Message):
            return change(item, to)
        if field.substitutes and isinstance(item.value, str):
            return Leaf(to(item.value, item.span), item.span)
        return item

    def value(held: Held) -> Leaf | Pairs | Many | Message:
        if isinstance(held.value, Pairs):
            return held.value
        if isinstance(held.value, Many):
            return Many(tuple(leaf(held.field, item) for item in held.value.items), held.value.span)
        return leaf(held.field, held.value)

    changed = tuple(Held(held.field, held.key_span, value(held)) for held in message.held)
    return Message(message.name, changed, message.span)
