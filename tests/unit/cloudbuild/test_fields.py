"""Every field of the table: known in both spellings, typed, limited, absent when null."""

from __future__ import annotations

import json

import pytest

from ctr_ci.cloudbuild import MESSAGES, Field, Kind, load
from ctr_ci.problem import InputError
from ctr_ci.source import Source

# How a message is reached from the root: the fields on the way, the last of which holds it.
WAYS: dict[str, tuple[Field, ...]] = {"Build": ()}
for _ in range(4):
    for _name in list(WAYS):
        for _field in MESSAGES[_name]:
            if isinstance(_field.type, str):
                WAYS.setdefault(_field.type, (*WAYS[_name], _field))

FIELDS = [(message, field) for message in MESSAGES for field in MESSAGES[message] if not field.output]
RIGHT = {
    Kind.TEXT: "text",
    Kind.BOOL: True,
    Kind.INT: 1,
    Kind.DURATION: "1s",
    Kind.PAIRS: {"_A": "b"},
    Kind.ANY: {"any": [1]},
}
WRONG = {Kind.TEXT: 1, Kind.BOOL: "yes", Kind.INT: "x", Kind.DURATION: 1, Kind.PAIRS: {"_A": 1}}


def value(field: Field, right: bool = True) -> object:
    """A value of the field's type, or one of another type."""
    one: object
    if isinstance(field.type, str):
        one = {inner.name: value(inner) for inner in MESSAGES[field.type] if inner.required} if right else 1
    elif field.choices:
        one = field.choices[0] if right else "NEITHER"
    else:
        one = (RIGHT if right else WRONG)[field.type]
    return [one] if field.many else one


def complaints(message: str, fields: dict[str, object]) -> list[str]:
    """What is said of a message that holds those fields, in a build that is fine otherwise: only what
    the reader says, not the checks of meaning."""
    inner: object = fields
    for step in reversed(WAYS[message]):
        required = {one.name: value(one) for one in MESSAGES[step.type] if one.required}  # type: ignore[index]
        inner = {**required, **inner} if isinstance(inner, dict) else inner
        inner = {step.name: [inner] if step.many else inner}
    assert isinstance(inner, dict)
    text = json.dumps({"steps": [{"name": "b"}], **inner})
    try:
        return [problem.render() for problem in load(Source("c.json", text)).warnings]
    except InputError as error:
        return [problem.render() for problem in error.problems]


def test_every_message_can_be_reached() -> None:
    assert set(WAYS) == set(MESSAGES)


def told(found: list[str], *words: str) -> list[str]:
    return [one for one in found if any(word in one for word in words)]


@pytest.mark.parametrize(("message", "field"), FIELDS, ids=[f"{m}.{f.name}" for m, f in FIELDS])
def test_a_field_is_known_typed_and_may_be_null(message: str, field: Field) -> None:
    reader = ("unknown field", " for .", "entries in", "] has no")
    for spelling in (field.name, field.snake):
        assert told(complaints(message, {spelling: value(field)}), *reader) == [], spelling
        if not field.required:
            assert told(complaints(message, {spelling: None}), *reader) == []
    if field.type is not Kind.ANY:
        assert told(complaints(message, {field.name: value(field, right=False)}), f".{field.name}") != []


LIMITED = [(m, f) for m, f in FIELDS if f.most is not None and f.many and f.strict]


@pytest.mark.parametrize(("message", "field"), LIMITED, ids=[f"{m}.{f.name}" for m, f in LIMITED])
def test_a_list_has_a_limit(message: str, field: Field) -> None:
    one = value(field)
    assert isinstance(one, list)
    assert field.most is not None
    found = told(complaints(message, {field.name: one * (field.most + 1)}), f"at most {field.most}")
    assert "error" in found[0]


def test_a_limit_that_only_the_old_local_builder_has_is_a_warning() -> None:
    assert (
        "warning: 101 entries in .images; expected at most 100"
        in complaints("Build", {"images": ["a"] * 101})[0]
    )
    assert "warning: 1001 characters" in complaints("BuildStep", {"name": "b", "dir": "d" * 1001})[0]
    assert "error: 10001 characters" in complaints("BuildStep", {"name": "b", "args": ["d" * 10001]})[0]


@pytest.mark.parametrize(
    ("message", "name"), [(m, f.name) for m in MESSAGES for f in MESSAGES[m] if f.output]
)
def test_what_the_service_sets_is_ignored_with_a_warning(message: str, name: str) -> None:
    assert told(complaints(message, {name: "x"}), f".{name} is set by the service")
