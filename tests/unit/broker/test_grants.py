"""What ctr-ci.yaml may allow a step, and how its mistakes are told."""

from __future__ import annotations

import pytest

from ctr_ci.broker import read_grants
from ctr_ci.document import load
from ctr_ci.problem import InputError
from ctr_ci.source import Source

STEPS = {"build": 0, "e2e": 1, "2": 2}


def read(text: str) -> tuple[tuple[int, str], ...]:
    return read_grants(load(Source("ctr-ci.yaml", text)), STEPS, "ctr-ci.yaml")


def test_without_a_declaration_nothing_is_granted() -> None:
    assert read_grants(None, STEPS, "") == ()


def test_a_step_is_granted_what_is_named_and_no_other_is() -> None:
    text = "e2e: {allow: [privileged, host-namespace, privileged]}\n'2': {allow: [devices]}\n"
    assert read(text) == ((1, "privileged"), (1, "host-namespace"), (2, "devices"))


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("e2ee: {allow: [privileged]}\n", "1:1", "did you mean 'e2e'?"),
        ("e2e: {allow: [priviledged]}\n", "1:15", "did you mean 'privileged'?"),
        ("e2e: {allow: [foreign-container]}\n", "1:15", "cannot be allowed"),
        ("e2e: {alow: [privileged]}\n", "1:7", "unknown key 'alow'"),
        ("e2e: [privileged]\n", "1:6", "STEP: {allow: [RULE, ...]}"),
        ("e2e: {allow: [{a: b}]}\n", "1:15", "no name of a rule"),
        ("- e2e\n", "1:1", "no mapping"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, place: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    assert f"ctr-ci.yaml:{place}: error:" in str(caught.value)
    assert said in str(caught.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        read("nobody: {allow: [privileged]}\ne2e: {allow: [nothing]}\n")
    assert len(caught.value.problems) == 2
