"""The keys of a gate: one declaration, and what is read, checked and told of it."""

from __future__ import annotations

import json

import jsonschema
import pytest
import yaml

from ctr_ci import document, gate
from ctr_ci.document import Map
from ctr_ci.gate import KEYS, Key
from ctr_ci.lint import all_rules
from ctr_ci.problem import InputError
from ctr_ci.reference import settings_schema
from ctr_ci.reference.gates_page import render
from ctr_ci.source import Source


def example(key: Key) -> str:
    """A ctr-ci.yaml with the example of this key, and what it stands beside."""
    served = [each for each in KEYS if each.name in key.serves[:1]]
    others = [each for each in KEYS if each.name in ("name", "max-size") and each.name != key.name]
    return "gates:\n- " + "\n  ".join(f"{each.name}: {each.example}" for each in (*others, *served, key))


@pytest.mark.parametrize("key", KEYS, ids=[key.name for key in KEYS])
def test_the_example_of_a_key_is_read_and_fits_the_schema(key: Key) -> None:
    text = example(key)
    node = document.load(Source("ctr-ci.yaml", text))
    assert isinstance(node, Map)
    (read,) = gate.load(None, node.entries[0].value, None, "ctr-ci.yaml").gates
    assert read.name == "weight"
    jsonschema.validate(yaml.safe_load(text), json.loads(settings_schema(all_rules())))
    assert f"`{key.name}: {key.example}`" in render()


@pytest.mark.parametrize(
    "wrong",
    [
        "{max-size: 1}",
        "{name: x, max-siz: 1}",
        "{name: x, lint: {fail-on: bad}}",
        "{name: x, max-size: 1, allow: [privileged]}",
        "{name: x, structure-test: s.yaml, allow: [everything]}",
        "{name: x, command: a, expect: {code: 1}}",
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(wrong: str) -> None:
    text = f"gates: [{wrong}]"
    node = document.load(Source("ctr-ci.yaml", text))
    assert isinstance(node, Map)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text), json.loads(settings_schema(all_rules())))
    with pytest.raises(InputError):
        gate.load(None, node.entries[0].value, None, "ctr-ci.yaml")
