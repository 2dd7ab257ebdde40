"""The record: what events leave behind, and that a changed file is noticed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ctr_ci.events import (
    BuildFinished,
    BuildStarted,
    Event,
    GateDecided,
    ImageBuilt,
    ImageFound,
    ImageRan,
    ImageTagged,
    Noted,
    PushHeld,
    StepFinished,
    StepOutput,
    StepStarted,
)
from ctr_ci.problem import InputError, Problem
from ctr_ci.record import Ran, dumps, fold, loads, newest, place, read, write
from ctr_ci.source import Position, Source, Span

APP = "sha256:" + "a" * 64
OLD = "sha256:" + "b" * 64
BUSYBOX = "sha256:" + "c" * 64
BEGIN = BuildStarted(
    build_id="b1",
    at=100.25,
    source=(("kind", "folder"), ("path", "/src"), ("commit", None), ("dirty", True)),
    config_path="cloudbuild.yaml",
    config_digest="sha256:1",
    substitutions=(("_A", "é"),),
    steps=((0, "build", "docker"), (1, "", "app"), (2, "", "late")),
    images=("app",),
)
EVENTS: tuple[Event, ...] = (
    BEGIN,
    StepStarted(101.0, 0, BUSYBOX),
    StepOutput(101.5, 0, "stdout", b"hello\n"),
    ImageBuilt(102.0, 0, OLD, ("app:latest",)),
    ImageBuilt(102.5, 0, APP, ("app:latest",)),
    ImageTagged(102.6, 0, APP, "app:v1"),
    PushHeld(102.7, 0, "app:v1"),
    PushHeld(102.8, 0, "app:v1"),
    ImageRan(102.9, 0, APP, 3, 102.8, stopped=True, program="sh"),
    StepFinished(103.0, 0, "SUCCESS", 0, output=b"\x00\xff"),
    StepStarted(104.0, 1, APP),
    StepFinished(105.0, 1, "FAILURE", 7, forgiven=True),
    StepFinished(105.0, 2, "QUEUED", None),
    ImageFound(106.0, "app", APP),
    GateDecided(106.0, "tested", APP, "passed", "step 1 ran it", ("1",)),
    Noted(106.0, "info", "nothing of this stays"),
    BuildFinished(
        107.0,
        "FAILURE",
        Problem("bad", "good", "do", "f.yaml", Span(Position(1, 2), Position(1, 5))),
    ),
)


def test_events_fold_to_what_happened() -> None:
    record = fold(EVENTS)
    build, test, late = record.steps
    assert (record.status, record.started, record.finished) == ("FAILURE", 100.25, 107.0)
    assert build.built == (OLD, APP)
    assert build.ran == (Ran(APP, 3, 102.8, stopped=True, program="sh"),)
    assert (test.image_id, test.exit_code, test.forgiven) == (APP, 7, True)
    assert (late.status, late.started) == ("QUEUED", None)
    assert [(n.name, n.image_id, n.since) for n in record.names] == [
        ("app:latest", APP, 102.5),
        ("app:v1", APP, 102.6),
    ]
    assert record.held == ("app:v1",)
    assert record.images[0].tested_by == ("1",)


def test_a_record_of_half_the_events_is_unfinished() -> None:
    record = fold(EVENTS[:2])
    assert record.status == "UNFINISHED"
    assert record.steps[0].status == "WORKING"
    assert fold(EVENTS[2:], record) == fold(EVENTS)


def test_a_record_survives_its_json() -> None:
    record = fold(EVENTS)
    assert loads(Source.decode("r", dumps(record))) == record
    assert loads(Source.decode("r", dumps(fold(EVENTS[:4])))) == fold(EVENTS[:4])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"tested_by": [', '"tested_by": ["0",', "does not match its own digest"),
        ('"version": 1', '"version": 2', "a record of version 2"),
        ('"version": 1', '"version": "1"', 'version is "1"'),
        ('"digest": "sha256:', '"seal": "sha256:', "no 'digest'"),
        ("{", "", "no JSON"),
    ],
)
def test_a_changed_record_is_refused(old: str, new: str, said: str) -> None:
    text = dumps(fold(EVENTS)).decode()
    changed = (
        text[::-1].replace(old[::-1], new[::-1], 1)[::-1] if "sha256" in old else text.replace(old, new, 1)
    )
    assert changed != text
    with pytest.raises(InputError, match=said):
        loads(Source("r", changed))


def test_what_a_later_version_adds_is_passed_over() -> None:
    from ctr_ci.record.form import seal

    content = json.loads(dumps(fold(EVENTS)))
    del content["digest"]
    content["added"] = [1]
    text = json.dumps(content | {"digest": seal(content)})
    assert loads(Source("r", text)) == fold(EVENTS)


def test_a_record_from_before_artifacts_is_read() -> None:
    from ctr_ci.record.form import seal

    content = json.loads(dumps(fold(EVENTS)))
    del content["digest"], content["artifacts"]
    assert loads(Source("r", json.dumps(content | {"digest": seal(content)}))) == fold(EVENTS)


def test_the_newest_record_is_found_and_read(tmp_path: Path) -> None:
    import os

    assert newest(tmp_path) is None
    record = fold(EVENTS)
    for age, name in enumerate(("new", "old")):
        path = place(tmp_path, name)
        write(path, record)
        os.utime(path, (1000 - age, 1000 - age))
    found = newest(tmp_path)
    assert found == place(tmp_path, "new")
    assert found is not None
    assert read(found) == record
    assert [p.name for p in found.parent.iterdir()] == ["record.json"]


def test_a_missing_record_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the record"):
        read(tmp_path / "record.json")


def test_a_text_nested_without_end_is_no_record() -> None:
    with pytest.raises(InputError, match="no JSON"):
        loads(Source("r", "[" * 200_000))
