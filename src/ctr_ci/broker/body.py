"""JSON bodies as Go reads them, but never ambiguously.

Go matches the keys of its structures without regard to case and takes the last of two: so a key
given twice is refused, and what is sent on is written anew, in the engine's spelling, from the values
that were judged. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import NoReturn

from ctr_ci.broker.http import Malformed

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
LIMIT = 4 * 1024 * 1024
_UNSOUND = re.compile("[\x00\ud800-\udfff]")


def parse(raw: bytes) -> Json:
    """The value of a JSON text; None for an empty one. Raises Malformed."""
    if not raw.strip():
        return None
    try:
        found: Json = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant, parse_float=_number
        )
    except (ValueError, RecursionError) as error:
        raise Malformed(400, "the body is not JSON in UTF-8") from error
    _sound(found)
    return found


def dump(value: Json) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def text(value: Json) -> str:
    """The text that `value` is, "" for null. Raises Malformed for anything else."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed(400, f"expected a text, found {_kind(value)}")
    return value


def record(value: Json) -> dict[str, Json]:
    """The object that `value` is, empty for null. Raises Malformed for anything else."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed(400, f"expected an object, found {_kind(value)}")
    return value


def items(value: Json) -> list[Json]:
    """The list that `value` is, empty for null. Raises Malformed for anything else."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise Malformed(400, f"expected a list, found {_kind(value)}")
    return value


def field(value: Json, *path: str) -> Json:
    """What stands at a path of keys in an answer of the engine's; None where nothing does."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def canonical(value: Json, names: Iterable[str]) -> dict[str, Json]:
    """An object's entries under the engine's own spelling of their keys; unknown keys as they are.

    Raises Malformed where two keys mean the same.
    """
    spelling = {name.casefold(): name for name in names}
    found: dict[str, Json] = {}
    for key, item in record(value).items():
        name = spelling.get(key.casefold(), key)
        if name in found:
            raise Malformed(400, f"the key {name!r} is given twice")
        found[name] = item
    return found


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _number(digits: str) -> float:
    found = float(digits)
    if found in (float("inf"), float("-inf")):
        raise ValueError("a number is out of range")
    return found


def _sound(value: Json) -> None:
    if isinstance(value, str):
        if _UNSOUND.search(value):
            raise Malformed(400, "a text holds a zero byte or half a character")
    elif isinstance(value, list):
        for item in value:
            _sound(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _sound(key)
            _sound(item)


def _kind(value: Json) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else "a text" if isinstance(value, str) else "a number"
