"""What is known of a script's variables at a place: those of outside, and what the script set since."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def unset(name: str) -> None:
    """The lookup of a shell in whose environment nothing is set."""
    return


class Variables:
    """`get` gives a value, None for one that is not set or not known.

    What a substitution or a branch does is taken back or forgotten by a journal of the changes: a copy
    of all variables at each of them would be quadratic in a script that sets many.
    """

    __slots__ = ("_journal", "_outside", "_set")

    def __init__(self, outside: Callable[[str], str | None] = unset) -> None:
        self._outside = outside
        self._set: dict[str, str | None] = {}
        self._journal: list[tuple[str, bool, str | None]] = []  # name, whether it was set here, old value

    def get(self, name: str) -> str | None:
        return self._set[name] if name in self._set else self._outside(name)

    def set(self, name: str, value: str | None) -> None:
        self._journal.append((name, name in self._set, self._set.get(name)))
        self._set[name] = value

    def mark(self) -> int:
        """This moment, for `take_back` and `forget`."""
        return len(self._journal)

    def take_back(self, mark: int) -> None:
        """All is again as it was at the mark: behind a subshell."""
        while len(self._journal) > mark:
            name, was_set, value = self._journal.pop()
            if was_set:
                self._set[name] = value
            else:
                del self._set[name]

    def forget(self, mark: int) -> None:
        """What has changed since the mark is unknown now: behind a branch that may not be taken."""
        before: dict[str, str | None] = {}
        for name, was_set, value in self._journal[mark:]:
            before.setdefault(name, value if was_set else self._outside(name))
        for name, value in before.items():
            if value is None or self.get(name) != value:
                self.set(name, None)

    def all(self) -> tuple[tuple[str, str | None], ...]:
        """Those that the script set, as they stand now."""
        return tuple(self._set.items())
