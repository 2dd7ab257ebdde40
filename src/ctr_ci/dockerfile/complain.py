"""Where the readers of instructions leave what is wrong: problems with places, in order."""

from __future__ import annotations

from ctr_ci.problem import Problem
from ctr_ci.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ctr_ci.dockerfile.text import Word


class Complaints:
    """Collects the problems of one source."""

    __slots__ = ("_slips", "problems", "source")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self._slips: dict[str, str] = {}

    def at(self, word: Word, found: str, expected: str = "", help: str = "") -> None:
        self.problems.append(
            Problem(found, expected, help, self.source.path, self.source.span(word.start, word.end))
        )

    def slip(self, word: str, known: Iterable[str]) -> str:
        """`nearest`, remembered: a text that got in has the same few words over and over."""
        if word not in self._slips:
            self._slips[word] = nearest(word, known)
        return self._slips[word]


def nearest(word: str, known: Iterable[str]) -> str:
    """The known name that `word` is a slip of, "" when none is near (distance 1, or 2 from six letters)."""
    best, least = "", 2 if len(word) < 6 else 3
    for name in known:
        distance = _distance(word.lower(), name.lower(), least)
        if distance < least:
            best, least = name, distance
    return best


def _distance(one: str, other: str, limit: int) -> int:
    if abs(len(one) - len(other)) >= limit:
        return limit
    row = list(range(len(other) + 1))
    before: list[int] = []
    for i, left in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, right in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
