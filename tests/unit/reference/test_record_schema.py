"""The record's schema knows every key that a record has, and no other."""

from __future__ import annotations

import json
from dataclasses import replace

from jsonschema import Draft202012Validator

from ctr_ci.events import (
    ArtifactKept,
    BuildFinished,
    BuildStarted,
    Event,
    GateDecided,
    ImageBuilt,
    ImageFound,
    ImageRan,
    ManifestPushed,
    PushHeld,
    StepAllowed,
    StepFinished,
    StepStarted,
)
from ctr_ci.problem import Problem
from ctr_ci.record import dumps, fold
from ctr_ci.reference.record_schema import render
from ctr_ci.source import Position, Span

APP = "sha256:" + "a" * 64
PLACE = Span(Position(1, 2), Position(3, 4))
EVENTS: tuple[Event, ...] = (
    BuildStarted(
        "b1",
        1.5,
        (("kind", "folder"), ("dirty", True), ("commit", None)),
        "cloudbuild.yaml",
        "sha256:1",
        (("_A", "x"),),
        ((0, "a", "app"), (1, "", "late")),
        ("app",),
        (("sh", "-c", "true"), ()),
        ("sh", None),
        "ctr-ci.yaml",
        "sha256:2",
    ),
    StepAllowed(1.6, 0, "sysctls"),
    StepStarted(2.0, 0, APP),
    ImageBuilt(2.1, 0, APP, ("app:latest",)),
    ImageRan(2.2, 0, APP, 0, 2.1),
    PushHeld(2.3, 0, "app"),
    StepFinished(3.0, 0, "FAILURE", 3, forgiven=True, output=b"\xff"),
    StepFinished(3.0, 1, "QUEUED", None),
    ImageFound(3.0, "app", APP),
    ArtifactKept(3.0, "objects", "gs://b/x", "/x", 3),
    GateDecided(3.1, "weight", APP, "passed", "light", ("0",)),
    ManifestPushed(3.2, "r.example/app", APP, APP),
    BuildFinished(4.0, "FAILURE", Problem("x", "y", "z", "cloudbuild.yaml", PLACE)),
)
SCHEMA = Draft202012Validator(json.loads(render()))


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json.loads(render()))


def test_a_record_fits_at_every_moment_of_a_build() -> None:
    for end in range(1, len(EVENTS) + 1):
        SCHEMA.validate(json.loads(dumps(fold(EVENTS[:end]))))


def test_an_unknown_or_a_missing_key_does_not_fit() -> None:
    record = json.loads(dumps(fold(EVENTS)))
    assert not SCHEMA.is_valid(record | {"more": 1})
    assert not SCHEMA.is_valid({key: value for key, value in record.items() if key != "gates"})
    assert not SCHEMA.is_valid(json.loads(dumps(replace(fold(EVENTS), status="DONE"))))
