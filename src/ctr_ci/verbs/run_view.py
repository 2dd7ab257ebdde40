"""How a run is shown while it goes on: a log, a live view of the terminal, or JSON lines."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

from ctr_ci.events import BuildFinished, Event
from ctr_ci.report import jsonl
from ctr_ci.report.live import Live
from ctr_ci.report.log import Log
from ctr_ci.verbs.coloured import coloured
from ctr_ci.verbs.run_request import Colour, Format

TICK_S = 0.1
PLAIN = ("CI", "PRE_COMMIT")  # whoever sets these keeps the log: it should read as one
Show = Callable[[Event], None]


@contextmanager
def view(
    out: BinaryIO,
    err: BinaryIO,
    environment: Mapping[str, str],
    clock: Callable[[], float],
    *,
    format: Format,
    colour: Colour,
    quiet: bool,
    live: bool = True,
) -> Iterator[Show]:
    """What shows each event. The live view draws on `err` until the end of the block; without
    `live` a terminal gets the log, too."""
    terminal = live and out.isatty() and err.isatty() and environment.get("TERM", "dumb") != "dumb"
    if format == "json":
        yield lambda event: _write(out, jsonl.line(event) + "\n")
    elif quiet or not terminal or any(environment.get(name) for name in PLAIN):
        yield _log(out, err, quiet=quiet)
    else:
        with _live(err, clock, colour=coloured(colour, environment, err)) as show:
            yield show


def _log(out: BinaryIO, err: BinaryIO, *, quiet: bool) -> Show:
    log = Log()

    def show(event: Event) -> None:
        used = set()
        failed = isinstance(event, BuildFinished) and event.status != "SUCCESS"
        for stream, text in log.read(event):
            if stream == "stdout":
                out.write(text)
            elif failed or not quiet:
                err.write(text)
            used.add(out if stream == "stdout" else err)
        for each in used:
            each.flush()

    return show


@contextmanager
def _live(err: BinaryIO, clock: Callable[[], float], *, colour: bool) -> Iterator[Show]:
    live = Live(colour)
    lock = threading.Lock()
    over = threading.Event()

    def show(event: Event) -> None:
        with lock:
            _write(err, live.read(event, *_size(err)))

    def tick() -> None:
        while not over.wait(TICK_S):
            with lock:
                _write(err, live.tick(clock(), *_size(err)))

    ticker = threading.Thread(target=tick, name="ctr-ci-live", daemon=True)
    ticker.start()
    try:
        yield show
    finally:
        over.set()
        ticker.join(timeout=1)


def _size(stream: BinaryIO) -> tuple[int, int]:
    try:
        found = os.get_terminal_size(stream.fileno())
    except OSError:
        return 80, 24
    return found.columns or 80, found.lines or 24


def _write(stream: BinaryIO, text: str) -> None:
    if text:
        stream.write(text.encode("utf-8", "surrogateescape"))
        stream.flush()
