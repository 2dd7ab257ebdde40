"""A build's events on disk: written as they come, read back as the same stream.

`events.jsonl` holds one event a line; the bytes of steps' output lie in `output.log`, and a line
of theirs only says where: half a gigabyte of output costs no JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from ctr_ci.events import Event, StepOutput
from ctr_ci.problem import InputError, Problem, WorldError
from ctr_ci.report import jsonl
from ctr_ci.source import Source
from ctr_ci.value import replace

EVENTS = "events.jsonl"
OUTPUT = "output.log"


def folder_of(record: Path) -> Path:
    """Where the events of a record lie: beside it, or, where the record was given a place of its own,
    in a folder that has its name."""
    own = record.with_name(f"{record.stem}.events")
    return own if own.is_dir() else record.parent


class Journal:
    """Writes events into a folder, made if need be. Raises WorldError where it cannot."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._events = (folder / EVENTS).open("wb")
            self._output = (folder / OUTPUT).open("wb")
        except OSError as error:
            raise _unwritable(folder, error) from error
        self._folder = folder
        self._at = 0

    def write(self, event: Event) -> None:
        try:
            self._write(event)
        except OSError as error:
            raise _unwritable(self._folder, error) from error

    def _write(self, event: Event) -> None:
        if isinstance(event, StepOutput):
            self._output.write(event.data)
            place, self._at = self._at, self._at + len(event.data)
            text = json.dumps(
                {"event": "step_output", "at": event.at, "step": event.step, "stream": event.stream}
                | {"data": "", "place": place, "size": len(event.data)}
            )
        else:
            text = jsonl.line(event)
        self._events.write(text.encode("utf-8", "surrogateescape") + b"\n")

    def close(self) -> None:
        """Raises WorldError where the last of it cannot be written; then it is closed all the same."""
        for file in (self._output, self._events):
            try:
                file.close()
            except OSError as error:
                raise _unwritable(self._folder, error) from error

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _unwritable(folder: Path, error: OSError) -> WorldError:
    found = f"cannot write: {(error.strerror or str(error)).lower()}"
    return WorldError(Problem(found, "a folder for the run's record", path=str(folder)))


def read(folder: Path) -> Iterator[Event]:
    """The events of a journal. Raises InputError where there is none, or a line is no event."""
    try:
        source = Source.decode(str(folder / EVENTS), (folder / EVENTS).read_bytes())
        with (folder / OUTPUT).open("rb") as output:

            def filled(line: str) -> Event | None:
                event = jsonl.parse(line)
                if not isinstance(event, StepOutput):
                    return event
                where = json.loads(line)
                output.seek(where["place"])
                return replace(event, data=output.read(where["size"]))

            for number, line in enumerate(source.lines, 1):
                event = jsonl.at_line(source, number, filled) if line else None
                if event is not None:
                    yield event
    except OSError as error:
        raise InputError(
            Problem(f"cannot read the events of a run: {error.strerror}", path=str(folder))
        ) from error
