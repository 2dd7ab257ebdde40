"""Fetching ahead changes nothing of what arrives, keeps little, and ends when nobody reads on."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ctr_ci.problem import Problem, WorldError
from ctr_ci.verbs.inspect_ahead import ahead


class Source(Iterator[bytes]):
    """Counts what was asked of it; ends by an error where one is given."""

    def __init__(self, count: int, error: BaseException | None = None) -> None:
        self.asked, self.closed = 0, threading.Event()
        self._count, self._error = count, error

    def __next__(self) -> bytes:
        if self.asked == self._count:
            raise self._error or StopIteration
        self.asked += 1
        return b"%d" % self.asked

    def close(self) -> None:
        self.closed.set()


@pytest.mark.parametrize("blocks", [1, 3, 16])
@pytest.mark.parametrize("count", [0, 1, 3, 100])
def test_everything_arrives_in_order(count: int, blocks: int) -> None:
    source = Source(count)
    assert list(ahead(source, blocks)) == [b"%d" % n for n in range(1, count + 1)]
    assert source.closed.wait(5)


def test_what_breaks_the_source_off_reaches_the_reader_after_what_came_before() -> None:
    chunks = ahead(Source(5, WorldError(Problem("the engine broke off"))), 2)
    assert [next(chunks) for _ in range(5)] == [b"1", b"2", b"3", b"4", b"5"]
    with pytest.raises(WorldError) as error:
        next(chunks)
    assert error.value.problems[0].found == "the engine broke off"


def test_no_more_is_fetched_than_may_wait_and_leaving_ends_the_fetching() -> None:
    source = Source(10_000)
    chunks = ahead(source, 4)
    assert next(chunks) == b"1"
    assert not source.closed.wait(0.05)  # it waits to be read on
    assert source.asked <= 1 + 4 + 1  # one taken, four waiting, one in hand
    chunks.close()  # type: ignore[attr-defined]  # a generator has it
    assert source.closed.wait(5)
    assert source.asked < 20
