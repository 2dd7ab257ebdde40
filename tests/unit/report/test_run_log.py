"""The log of a build, its events on disk, and that both tell the same."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from ctr_ci.events import (
    BuildFinished,
    BuildStarted,
    Event,
    ImageBuilt,
    ImagePulling,
    Noted,
    PushHeld,
    StepFinished,
    StepOutput,
    StepStarted,
)
from ctr_ci.problem import InputError, Problem
from ctr_ci.record import fold
from ctr_ci.report import jsonl
from ctr_ci.report.journal import Journal
from ctr_ci.report.journal import read as read_journal
from ctr_ci.report.log import Log
from ctr_ci.source import Position, Source, Span

IMAGE = "sha256:" + "a" * 64


def begin(*ids: str) -> BuildStarted:
    steps = tuple((index, id, f"image-{index}") for index, id in enumerate(ids))
    return BuildStarted("b1", 1.0, (("dirty", True), ("path", None)), "c.yaml", "sha256:1", (), steps, ())


EVENTS: tuple[Event, ...] = (
    begin("one", ""),
    ImagePulling(2.0, 0, "image-0"),
    StepStarted(3.0, 0, IMAGE),
    StepOutput(4.0, 0, "stdout", b"a\nb\n"),
    StepOutput(4.1, 0, "stderr", b"\xff not utf-8\n"),
    StepStarted(4.2, 1, IMAGE),
    StepOutput(4.3, 1, "stdout", "é\u2028 no end".encode()),
    ImageBuilt(5.0, 0, IMAGE, ("app:latest",)),
    PushHeld(5.1, 0, "app:latest"),
    Noted(5.2, "warning", "careful", 1),
    StepFinished(6.0, 0, "SUCCESS", 0, output=b"\x00\xff"),
    StepFinished(6.1, 1, "FAILURE", 7),
    BuildFinished(
        7.0, "FAILURE", Problem("bad", "good", "do\nthis", "f", Span(Position(1, 2), Position(1, 3)))
    ),
)


def log(events: Iterable[Event]) -> tuple[bytes, bytes]:
    reader = Log()
    out: list[bytes] = []
    err: list[bytes] = []
    for event in events:
        for stream, text in reader.read(event):
            (out if stream == "stdout" else err).append(text)
    return b"".join(out), b"".join(err)


def test_output_carries_the_steps_name_on_every_line() -> None:
    out, _ = log(EVENTS)
    assert out == (
        b'Step #0 - "one": a\nStep #0 - "one": b\nStep #0 - "one": \xff not utf-8\n'
        + "Step #1: é\u2028 no end\n".encode()
    )


def test_ours_goes_to_standard_error_in_the_fields_words() -> None:
    _, err = log(EVENTS)
    assert err.decode().splitlines() == [
        'starting build "b1"',
        'Starting Step #0 - "one"',
        'Step #0 - "one": Pulling image: image-0',
        "Starting Step #1",
        "Step #1: Already have image: image-1",
        'Step #0 - "one": built aaaaaaaaaaaa app:latest',
        'Step #0 - "one": held: not pushed: app:latest',
        "Step #1: warning: careful",
        'Finished Step #0 - "one"',
        "Step #1: FAILURE (exit code 7)",
        "Finished Step #1",
        "ERROR",
        "last lines of Step #1:",
        *"    é\u2028 no end".splitlines(),
        "ERROR: bad",
        "help: do",
        "help: this",
    ]


def test_a_step_of_its_own_has_no_prefix() -> None:
    events = (
        begin("one"),
        StepStarted(2.0, 0, IMAGE),
        StepOutput(3.0, 0, "stdout", b"a\nb"),
        StepFinished(4.0, 0, "SUCCESS", 0),
        BuildFinished(5.0, "SUCCESS"),
    )
    assert log(events) == (b"a\nb", b'starting build "b1"\nAlready have image: image-0\nDONE\n')


def test_events_come_back_from_their_lines() -> None:
    text = "".join(f"{line}\n" for line in jsonl.lines(EVENTS))
    assert tuple(jsonl.read(Source("e", text))) == EVENTS


def test_a_line_that_is_no_event_is_named() -> None:
    text = f'{jsonl.line(EVENTS[0])}\n{{"event": "step_started"}}\n'
    with pytest.raises(InputError, match="e:2:1: error: no event of a build"):
        list(jsonl.read(Source("e", text)))


def test_events_of_a_later_version_are_passed_over() -> None:
    text = '{"event": "step_sang", "at": 1}\n' + jsonl.line(EVENTS[1]).replace("{", '{"new": 1, ', 1)
    assert tuple(jsonl.read(Source("e", text))) == EVENTS[1:2]


def test_what_is_saved_tells_the_same_as_what_was_seen(tmp_path: Path) -> None:
    with Journal(tmp_path / "run") as journal:
        for event in EVENTS:
            journal.write(event)
    saved = tuple(read_journal(tmp_path / "run"))
    assert saved == EVENTS
    assert log(saved) == log(EVENTS)
    assert fold(saved) == fold(EVENTS)
    assert b"not utf-8" not in (tmp_path / "run" / "events.jsonl").read_bytes()


def test_a_missing_journal_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the events of a run"):
        list(read_journal(tmp_path))
