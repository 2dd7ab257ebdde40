"""Stages: barriers between steps, gates, and what does not fit."""

from __future__ import annotations

import pytest

from ctr_ci import plan
from ctr_ci.cloudbuild import Builtins, load
from ctr_ci.document import load as load_document
from ctr_ci.plan import Plan, StagePolicy, read_stages
from ctr_ci.problem import InputError
from ctr_ci.source import Source

STEPS = """
steps:
- {name: b, id: app, waitFor: ['-']}
- {name: b, id: unit, waitFor: ['-']}
- {name: b, id: smoke, waitFor: ['-']}
- {name: b, waitFor: ['-']}
- {name: b, id: deploy, waitFor: ['-']}
"""


def staged(*stages: StagePolicy, steps: str = STEPS) -> Plan:
    return plan.make(load(Source("c.yaml", steps)), {}, Builtins(), stages=stages)[0]


def test_a_stage_waits_for_all_before_it() -> None:
    made = staged(
        StagePolicy("build", ("app",)),
        StagePolicy("test", ("unit", "smoke"), gate=True),
        StagePolicy("release", ("deploy",)),
    )
    assert [step.after for step in made.steps] == [set(), {0}, {0}, set(), {0, 1, 2}]
    assert [step.stage for step in made.steps] == ["build", "test", "test", "", "release"]
    assert [step.gate for step in made.steps] == [False, True, True, False, False]


def test_a_step_without_id_is_named_by_its_index() -> None:
    made = staged(StagePolicy("a", ("app",)), StagePolicy("b", ("3",)))
    assert made.steps[3].after == {0}


def test_a_stage_may_turn_the_order_around_where_steps_allow_it() -> None:
    made = staged(StagePolicy("first", ("deploy",)), StagePolicy("then", ("app",)))
    assert made.steps[0].after == {4}


def test_stages_that_make_steps_wait_for_each_other_are_refused() -> None:
    steps = "steps: [{name: b, id: one}, {name: b, id: two}]\n"
    with pytest.raises(InputError, match="wait for each other: one, two"):
        staged(StagePolicy("a", ("two",)), StagePolicy("b", ("one",)), steps=steps)


@pytest.mark.parametrize(
    ("stages", "found"),
    [
        ((StagePolicy("a", ("unti",)),), "did you mean 'unit'"),
        ((StagePolicy("a", ("unit",)), StagePolicy("b", ("unit",))), "step 'unit' in stage 'b' and in 'a'"),
        ((StagePolicy("a", ("unit",)), StagePolicy("a", ("app",))), "the stage 'a' twice"),
    ],
)
def test_stages_that_fit_no_step(stages: tuple[StagePolicy, ...], found: str) -> None:
    with pytest.raises(InputError, match=found):
        staged(*stages)


def test_stages_are_read_with_their_places() -> None:
    text = "- {name: build, steps: [app]}\n- {name: test, steps: [unit, 3], gate: true}\n"
    build, test = read_stages(load_document(Source("ctr-ci.yaml", text)), "ctr-ci.yaml")
    assert (build.name, build.steps, build.gate) == ("build", ("app",), False)
    assert (test.name, test.steps, test.gate) == ("test", ("unit", "3"), True)
    assert str(test.span) == "2:3-2:45"
    assert read_stages(None, "") == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\n", "stages that are no list"),
        ("- a\n", "a stage that is no map"),
        ("- {steps: [a]}\n", "a stage without name"),
        ("- {name: a}\n", "without steps"),
        ("- {name: a, steps: [b], gate: often}\n", "gate: 'often'"),
        ("- {name: a, step: [b]}\n", "did you mean 'steps'"),
    ],
)
def test_stages_that_are_none(text: str, found: str) -> None:
    with pytest.raises(InputError, match=found):
        read_stages(load_document(Source("ctr-ci.yaml", text)), "ctr-ci.yaml")
