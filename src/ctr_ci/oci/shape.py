"""JSON objects read strictly: each field of the type that the caller names, or an InputError that
says what was found where."""

from __future__ import annotations

import json

from ctr_ci.problem import InputError, Problem

Pairs = tuple[tuple[str, str], ...]
_MISSING = "\0"


class Object:
    """One JSON object and the name by which a complaint calls it."""

    def __init__(self, fields: dict[str, object], where: str) -> None:
        self.fields = fields
        self.where = where

    @classmethod
    def parse(cls, raw: bytes | str, where: str) -> Object:
        """The object that `raw` is. Raises InputError where it is not JSON or not an object."""
        try:
            found: object = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise InputError(Problem(f"{where} is not JSON ({error})", expected="a JSON object")) from error
        return _object(found, where)

    def has(self, key: str) -> bool:
        return self.fields.get(key) is not None

    def text(self, key: str, default: str = _MISSING) -> str:
        found = self.fields.get(key)
        if found is None and default != _MISSING:
            return default
        if not isinstance(found, str):
            raise self._wrong(key, found, "a text")
        return found

    def number(self, key: str) -> int:
        found = self.fields.get(key)
        if not isinstance(found, int) or isinstance(found, bool) or found < 0:
            raise self._wrong(key, found, "a whole number from 0")
        return found

    def child(self, key: str) -> Object:
        return _object(self.fields.get(key), f"{self.where}: {key}")

    def children(self, key: str) -> tuple[Object, ...]:
        """The objects of a list; a missing list is empty."""
        return tuple(_object(item, f"{self.where}: {key}[{at}]") for at, item in enumerate(self._list(key)))

    def texts(self, key: str) -> tuple[str, ...]:
        """The texts of a list; a missing list is empty."""
        found = self._list(key)
        texts = tuple(item for item in found if isinstance(item, str))
        if len(texts) != len(found):
            raise self._wrong(key, found, "a list of texts")
        return texts

    def pairs(self, key: str) -> Pairs:
        """An object whose values are texts; a missing one is empty."""
        if not self.has(key):
            return ()
        child = self.child(key)
        return tuple((name, child.text(name)) for name in child.fields)

    def _list(self, key: str) -> list[object]:
        found = self.fields.get(key)
        if found is None:
            return []
        if not isinstance(found, list):
            raise self._wrong(key, found, "a list")
        return found

    def _wrong(self, key: str, found: object, expected: str) -> InputError:
        shown = "nothing" if found is None else f"{str(found)[:80]!r}"
        return InputError(Problem(f"{self.where}: {key} is {shown}", expected=expected))


def _object(found: object, where: str) -> Object:
    if not isinstance(found, dict):
        raise InputError(Problem(f"{where} is {str(found)[:80]!r}", expected="a JSON object"))
    return Object(found, where)
