"""The schema for editors agrees with the reader, and with the schema that others publish."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml

from ctr_ci.cloudbuild import MESSAGES
from ctr_ci.reference.cloudbuild_schema import render

PLANS = Path(__file__).parents[2] / "golden" / "plans"
OURS = json.loads(render())
VENDOR = json.loads(files("check_jsonschema").joinpath("builtin_schemas/vendor/cloudbuild.json").read_text())

# Where the published schema is behind Google's service, or stricter than it: file -> why.
DIFFERS = {
    "as_json": "null is absent",
    "dynamic": "snake_case is read too",
    "empty_args": "null is absent",
    "failures_and_limits": "numbers in quotes, and durations in hours and minutes, are read too",
    "fan_out": "snake_case is read too",
}


def mistakes(schema: Mapping[str, object], path: Path) -> list[str]:
    validator = jsonschema.Draft7Validator(schema)
    found = validator.iter_errors(yaml.safe_load(path.read_text()))
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in found]


ACCEPTED = sorted(path.name.removesuffix(".plan.json") for path in PLANS.glob("*.plan.json"))


def config(stem: str) -> Path:
    return next(path for path in PLANS.glob(f"{stem}.*") if path.name.count(".") == 1)


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(OURS)


@pytest.mark.parametrize("stem", ACCEPTED)
def test_what_is_planned_is_valid(stem: str) -> None:
    assert mistakes(OURS, config(stem)) == []


@pytest.mark.parametrize("stem", ACCEPTED)
def test_the_published_schema_agrees_but_where_we_know_why(stem: str) -> None:
    assert (mistakes(VENDOR, config(stem)) != []) == (stem in DIFFERS)


def test_what_one_place_shows_is_refused() -> None:
    found = "\n".join(mistakes(OURS, PLANS / "refused.yaml"))
    for words in (
        "steps.0: Additional properties are not allowed ('argz' was unexpected)",
        "steps.1.args.0: 8080 is not of type 'string'",
        "steps.2.timeout: '600' does not match",
        "options.machineType: 'E2_HUGE' is not one of",
        "options.dynamicSubstitutions: 'true' is not of type 'boolean'",
        "substitutions: 'lower' does not match",
        "substitutions._V: 3.1 is not of type 'string'",
    ):
        assert words in found, found


def test_every_field_is_in_it_in_both_spellings_and_explained() -> None:
    for name, fields in MESSAGES.items():
        schema = OURS if name == "Build" else OURS["definitions"][name]
        for field in fields:
            for spelling in (field.name, field.snake):
                assert schema["properties"][spelling]["description"] == field.says
