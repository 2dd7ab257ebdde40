"""`ctr-ci run --shell STEP`: the build up to a step, and a shell in its place."""

from __future__ import annotations

import sys
from datetime import timedelta

from ctr_ci.plan import Plan
from ctr_ci.problem import InputError, Problem
from ctr_ci.runner import Keyboard, Options, Shell
from ctr_ci.value import replace
from ctr_ci.verbs.selection import before, step_index

LONGEST_BUILD = timedelta(hours=24)


def with_shell(name: str, plan: Plan, options: Options) -> tuple[Plan, Options]:
    """The build up to a step, and a shell in its place, for as long as a person wants it."""
    if not sys.stdin.isatty():
        raise InputError(Problem("--shell without a terminal", "a terminal to type in"))
    index = step_index(plan, name)
    skip = frozenset(range(len(plan.steps))) - before(plan, index) - {index}
    steps = tuple(replace(step, timeout=None) for step in plan.steps)
    made = replace(plan, steps=steps, images=(), timeout=LONGEST_BUILD)
    return made, replace(options, skip=skip, shell=Shell(index, Keyboard()))
