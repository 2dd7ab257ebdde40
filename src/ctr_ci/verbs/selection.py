"""`--only`, `--skip`, `--from`, `--until`: which steps of a plan run."""

from __future__ import annotations

from ctr_ci.plan import Plan
from ctr_ci.problem import InputError, Problem
from ctr_ci.value import value


@value
class Selection:
    """Steps by id or index, as the user wrote them."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    first: str | None = None
    last: str | None = None


def skipped(plan: Plan, selection: Selection) -> frozenset[int]:
    """The indexes of the steps that do not run. Raises InputError for a step that is not there."""
    wanted = set(range(len(plan.steps)))
    if selection.only:
        wanted &= {step_index(plan, name) for name in selection.only}
    wanted -= {step_index(plan, name) for name in selection.skip}
    if selection.first is not None:
        wanted &= set(range(step_index(plan, selection.first), len(plan.steps)))
    if selection.last is not None:
        wanted &= set(range(step_index(plan, selection.last) + 1))
    return frozenset(range(len(plan.steps))) - wanted


def before(plan: Plan, index: int) -> frozenset[int]:
    """The steps that must have run before a step, by all that they wait for themselves."""
    found: frozenset[int] = frozenset()
    waiting = set(plan.steps[index].after)
    while waiting:
        step = waiting.pop()
        found |= {step}
        waiting |= plan.steps[step].after - found
    return found


def step_index(plan: Plan, name: str) -> int:
    """The index of a step by its id or index. Raises InputError where there is none."""
    for step in plan.steps:
        if step.id == name:
            return step.index
    number = name.removeprefix("#")
    if number.isdecimal() and int(number) < len(plan.steps):
        return int(number)
    known = ", ".join(step.id or str(step.index) for step in plan.steps)
    raise InputError(Problem(f"no step {name!r}", f"one of {known}", path=plan.config_path))
