"""How far a push is: a bar a blob on a terminal, drawn again in place; a line each ten seconds elsewhere.

Pure: every method gives the text to write, and knows neither terminal nor clock.
"""

from __future__ import annotations

from ctr_ci.events import Event, PushProgress
from ctr_ci.report.live import CLEAR, clip

BAR = 24
EVERY_S = 10.0
LABEL = 12  # hex digits of a blob's or a layer's name


class Bars:
    """For a terminal: what lasts scrolls away above the bars."""

    def __init__(self) -> None:
        self._moving: tuple[tuple[str, str, int, int], ...] = ()
        self._drawn = 0

    def read(self, event: Event, lasting: str, columns: int, rows: int) -> str:
        """What to write for one event: the line that stays ("" for none), and the bars below it."""
        if isinstance(event, PushProgress):
            self._moving = event.blobs
        else:
            self._moving = tuple(each for each in self._moving if each[0][:LABEL] not in lasting)
        return self._frame(lasting, [clip(bar(*each), columns) for each in self._moving[: max(rows - 2, 1)]])

    def end(self) -> str:
        """Takes the bars away."""
        return self._frame("", [])

    def _frame(self, lasting: str, bars: list[str]) -> str:
        up = f"\x1b[{self._drawn}F{CLEAR}" if self._drawn else ""
        self._drawn = len(bars)
        return up + "".join(f"{line}\n" for line in (*((lasting,) if lasting else ()), *bars))


class Pace:
    """For a log: how much has moved, once in ten seconds."""

    def __init__(self) -> None:
        self._next: float | None = None

    def read(self, event: PushProgress) -> str:
        """The line that is due, "" where none is."""
        if self._next is None:
            self._next = event.at + EVERY_S
        if event.at < self._next:
            return ""
        self._next = event.at + EVERY_S
        return summary(event)


def bar(name: str, doing: str, done_bytes: int, size_bytes: int) -> str:
    """`sending   0123456789ab ━━━━━━──────  12.0 of 48.0 MB`."""
    full = BAR * min(done_bytes, size_bytes) // size_bytes if size_bytes else BAR
    drawn = "━" * full + "─" * (BAR - full)
    return f"{doing:9} {name[:LABEL]:{LABEL}} {drawn} {done_bytes / 1e6:7.1f} of {size_bytes / 1e6:.1f} MB"


def summary(event: PushProgress) -> str:
    moving = [
        f"{doing} {name[:LABEL]} {done_bytes / 1e6:.0f} of {size_bytes / 1e6:.0f} MB"
        for name, doing, done_bytes, size_bytes in event.blobs
    ]
    read = [f"{event.read_bytes / 1e6:.0f} MB of the export read"] if event.read_bytes else []
    return "; ".join((*read, *moving)) or "waiting for the engine's export"
