"""Variables by name at one place of a file, sharing what they have in common with those before it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_DEEPEST = 16  # how many views stand behind one another before their values are copied to one


class Variables:
    """Names and values, None for "set, value unknown". Never changes: `having` makes another.

    All views of one line of descent share a history of each name's values and differ in their age, so
    that a file of n ENVs needs n entries and not n². Only the youngest view goes on in its history; a
    stage that starts from another place begins a new one, with that place behind it.
    """

    __slots__ = ("_age", "_behind", "_depth", "_history")

    def __init__(self, values: Iterable[tuple[str, str | None]] = ()) -> None:
        self._behind: Variables | None = None
        self._depth = 0
        self._history = _History()
        for name, held in values:
            self._history.add(name, held)
        self._age = self._history.size

    def having(self, name: str, held: str | None) -> Variables:
        """These variables, with one set."""
        made = Variables.__new__(Variables)
        if self._history.size == self._age:
            made._history, made._behind, made._depth = self._history, self._behind, self._depth
        elif self._depth < _DEEPEST:
            made._history, made._behind, made._depth = _History(), self, self._depth + 1
        else:
            copied = Variables((each, self.get(each)) for each in self)
            made._history, made._behind, made._depth = copied._history, None, 0
        made._history.add(name, held)
        made._age = made._history.size
        return made

    def _find(self, name: str) -> tuple[str | None] | None:
        view: Variables | None = self
        while view is not None:
            values = view._history.values.get(name)
            if values is not None:
                if values[-1][0] <= view._age:
                    return (values[-1][1],)
                from bisect import bisect_right

                at = bisect_right(values, view._age, key=_age_of)
                if at:
                    return (values[at - 1][1],)
            view = view._behind
        return None

    def __contains__(self, name: str) -> bool:
        return self._find(name) is not None

    def __getitem__(self, name: str) -> str | None:
        found = self._find(name)
        if found is None:
            raise KeyError(name)
        return found[0]

    def get(self, name: str) -> str | None:
        """The value, None when it is not set or not known."""
        found = self._find(name)
        return None if found is None else found[0]

    def __iter__(self) -> Iterator[str]:
        behind = () if self._behind is None else self._behind
        yield from behind
        for name, values in self._history.values.items():
            if values[0][0] <= self._age and name not in behind:
                yield name

    def keys(self) -> Iterator[str]:
        return iter(self)


class _History:
    """For each name the ages at which it was set, and to what."""

    __slots__ = ("size", "values")

    def __init__(self) -> None:
        self.size = 0
        self.values: dict[str, list[tuple[int, str | None]]] = {}

    def add(self, name: str, held: str | None) -> None:
        self.size += 1
        self.values.setdefault(name, []).append((self.size, held))


def _age_of(entry: tuple[int, str | None]) -> int:
    return entry[0]
