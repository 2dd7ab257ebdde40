"""`ctr-ci report`: one HTML page of a run, from its record and its events."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from ctr_ci import record
from ctr_ci.problem import Exit, InputError, Problem, WorldError
from ctr_ci.report.journal import EVENTS, folder_of
from ctr_ci.report.journal import read as read_events
from ctr_ci.report.run_html import run_html


@dataclass(frozen=True, slots=True)
class Request:
    """`record` None: the newest run under `root`. `output` None: `report.html` beside the record; "-"
    is standard output."""

    root: Path
    record: Path | None = None
    output: str | None = None


def report(request: Request, out: TextIO) -> Exit:
    """Writes the page and says where. Raises InputError where there is no such run."""
    path = request.record or record.newest(request.root)
    if path is None:
        raise InputError(
            Problem(
                "no run to report on", "a record of `ctr-ci run`", "run `ctr-ci run .` first, or name RECORD"
            )
        )
    made = record.read(path)
    place = folder_of(path)
    events = read_events(place) if (place / EVENTS).is_file() else ()
    page = run_html(made, events)
    if request.output == "-":
        out.write(page)
        return Exit.DONE
    target = Path(request.output) if request.output else path.with_name("report.html")
    try:
        target.write_text(page, encoding="utf-8", errors="replace")
    except OSError as error:
        raise WorldError(
            Problem(f"cannot write the report: {error.strerror}", "a folder to write to", path=str(target))
        ) from error
    out.write(f"report: {target}\n")
    return Exit.DONE
