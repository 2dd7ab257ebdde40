"""A build's events as JSON lines, and back: every view can be made again from a saved stream.

One object a line: `event` names it in snake case, the other keys are its fields. Bytes are a text
where they are UTF-8, else `{"base64": …}`. Only added to.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar, get_args

from ctr_ci.events import Event
from ctr_ci.problem import InputError, Problem
from ctr_ci.source import Position, Source, Span
from ctr_ci.value import fields as value_fields

T = TypeVar("T")
BINARY = ("data", "output")


def _snake(name: str) -> str:
    return re.sub(r"(?<=.)([A-Z])", r"_\1", name).lower()


KINDS: dict[str, type[Event]] = {_snake(kind.__name__): kind for kind in get_args(Event)}


def line(event: Event) -> str:
    """One event, without a line end."""
    kind = _snake(type(event).__name__)
    content = {name: _out(getattr(event, name)) for name in value_fields(event)}
    return json.dumps({"event": kind, **content}, ensure_ascii=False)


def parse(text: str) -> Event | None:
    """The event of a line, None for a kind that this version does not know.

    Raises ValueError on what is no event.
    """
    try:
        content = json.loads(text)
        kind = KINDS.get(content.pop("event"))
        if kind is None:
            return None
        known = frozenset(value_fields(kind))
        make: Callable[..., Event] = kind
        return make(**{key: _in(key, value) for key, value in content.items() if key in known})
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"no event: {text[:80]}") from error


def read(source: Source) -> Iterator[Event]:
    """The events of a saved stream. Events of a later version are passed over.

    Raises InputError on a line that is no event.
    """
    for number, text in enumerate(source.lines, 1):
        if text:
            event = at_line(source, number, parse)
            if event is not None:
                yield event


def at_line(source: Source, number: int, read_line: Callable[[str], T]) -> T:
    """What `read_line` makes of a line; its ValueError becomes an InputError at that line."""
    try:
        return read_line(source.lines[number - 1])
    except ValueError as error:
        at = Position(number, 1)
        raise InputError(
            Problem("no event of a build", "a line of a run's events", path=source.path, span=Span(at, at))
        ) from error


def lines(events: Iterable[Event]) -> Iterator[str]:
    return map(line, events)


def _out(value: object) -> object:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"base64": b64encode(value).decode()}
    if isinstance(value, Problem | Span | Position):
        return {name: _out(getattr(value, name)) for name in value_fields(value)}
    return value


def _in(key: str, value: object) -> object:
    if isinstance(value, list):
        return tuple(_in("", item) for item in value)
    if key in BINARY and isinstance(value, str):
        return value.encode()
    if isinstance(value, dict):
        if "base64" in value:
            return b64decode(value["base64"], validate=True)
        content = {name: _in("", item) for name, item in value.items()}
        make: Callable[..., object] = Position
        if "found" in content or "start" in content:
            make = Problem if "found" in content else Span
        return make(**content)
    return value
