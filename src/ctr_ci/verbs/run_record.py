"""A build on its site, from its first event to its record: who hears of what happens, and who may stop it.

Loaded while the engine makes the site.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from ctr_ci import record
from ctr_ci.events import Event, GateDecided, Noted, StepOutput
from ctr_ci.problem import Problem, WorldError
from ctr_ci.report.journal import Journal
from ctr_ci.report.journal import read as read_journal
from ctr_ci.report.junit_run import junit_run
from ctr_ci.runner import Control, Origin, Outcome, Site
from ctr_ci.runner import run as carry_out
from ctr_ci.verbs.run_gates import Gates
from ctr_ci.verbs.run_places import places
from ctr_ci.verbs.run_request import Request, World
from ctr_ci.verbs.run_view import view


def recorded(
    request: Request, world: World, site: Site, origin: Origin, gates: Gates
) -> tuple[Outcome, record.Record, Path]:
    """Carries the build out. Returns its record too, and the path that it was written to."""
    path, place = places(request, world, site.build.id)
    control = Control()
    with (
        Journal(place) as journal,
        view(
            world.out,
            world.err,
            world.environment,
            world.clock,
            format=request.format,
            colour=request.colour,
            quiet=request.quiet,
            live=request.shell is None,
        ) as show,
    ):
        events = Recorder(path, journal, show)

        def judge() -> Iterator[GateDecided]:
            if request.gate_policy == "off":
                return iter(())
            memory = site.options.memory_bytes
            return gates.judge(
                events.record(), site.engine, site.build, world.clock, memory, world.environment
            )

        with _signals(control):
            outcome = carry_out(
                site,
                origin,
                events.take,
                clock=world.clock,
                control=control,
                judge=judge,
                artifacts=place / "artifacts",
            )
    if request.junit is not None:
        _save(request.junit, junit_run(read_journal(place)))
    return outcome, events.record(), path


class Recorder:
    """Takes each event to the journal, the record (written whenever it has changed) and the view.

    One that fails (a full disk, a reader that went away) raises once and is left out from then on:
    the others still hear how the build ends.
    """

    def __init__(self, path: Path, journal: Journal, view: Callable[[Event], None]) -> None:
        self._path = path
        self._record: record.Record | None = None
        self._readers = [self._fold, journal.write, self._save, view]

    def take(self, event: Event) -> None:
        failed: BaseException | None = None
        for reader in tuple(self._readers):
            try:
                reader(event)
            except BaseException as error:  # noqa: BLE001  it is raised below
                self._readers.remove(reader)
                failed = failed or error
        if failed is not None:
            raise failed

    def _fold(self, event: Event) -> None:
        self._record = record.fold((event,), self._record)

    def _save(self, event: Event) -> None:
        if not isinstance(event, StepOutput | Noted):
            record.write(self._path, self.record())

    def record(self) -> record.Record:
        assert self._record is not None
        return self._record


def _save(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise WorldError(
            Problem(f"cannot write it: {error.strerror}", "a file that can be written", path=str(path))
        ) from error


@contextmanager
def _signals(control: Control) -> Iterator[None]:
    """SIGINT and SIGTERM end the build in order; a second one ends the process at once."""

    def stop(number: int, _: FrameType | None) -> None:
        for known in previous:
            signal.signal(known, signal.SIG_DFL)
        control.stop(number)

    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    try:
        for number in previous:
            signal.signal(number, stop)
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
