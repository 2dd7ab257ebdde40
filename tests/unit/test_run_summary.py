"""What a run says at its end."""

from __future__ import annotations

from pathlib import Path

from ctr_ci.events import BuildFinished, BuildStarted, Event, ImageFound, StepFinished, StepStarted
from ctr_ci.problem import Exit, Problem
from ctr_ci.record import Record, fold
from ctr_ci.runner import Outcome
from ctr_ci.verbs.run_summary import exit_of, summary

IMAGE = "sha256:" + "1" * 64
ROOT = Path("/here")


def record(status: str, image: str) -> Record:
    steps = ((0, "build", "b"), (1, "unit tests", "b"))
    events: tuple[Event, ...] = (
        BuildStarted("id", 0.0, (), "c.yaml", "", (), steps, (), ((), ()), (None, None), "", ""),
        StepStarted(1.0, 0, IMAGE),
        StepFinished(2.0, 0, "SUCCESS", 0),
        StepStarted(2.0, 1, image),
        StepFinished(3.0, 1, status, None if status == "SUCCESS" else 3),
        ImageFound(3.0, "app", image),
        BuildFinished(4.0, status, None),
    )
    return fold(events)


def said(status: str, *, image: str = IMAGE, person: bool = True, kept: tuple[str, ...] = ()) -> list[str]:
    outcome = Outcome(status, Problem("it failed"), kept=kept)
    lines = summary(outcome, record(status, image), ROOT / "r.json", ROOT, pushes=False, person=person)
    return list(lines)


def test_a_person_is_told_how_to_look_into_a_failed_step() -> None:
    assert "to look into it: the same command with --shell 'unit tests', a shell in the step's place" in said(
        "FAILURE"
    )


def test_nobody_else_is_and_not_where_there_is_nothing_to_look_into() -> None:
    for lines in (said("FAILURE", person=False), said("FAILURE", kept=("c",)), said("SUCCESS")):
        assert not any("--shell" in line for line in lines)
        assert "record: r.json" in lines


def test_a_signal_goes_before_what_the_work_says() -> None:
    assert exit_of(Outcome("SUCCESS")) is Exit.DONE
    assert exit_of(Outcome("FAILURE")) is Exit.NO
    assert exit_of(Outcome("TIMEOUT")) is Exit.TIMEOUT
    assert exit_of(Outcome("CANCELLED", signal=2)) is Exit.INTERRUPTED
    assert exit_of(Outcome("CANCELLED", signal=15)) is Exit.TERMINATED
