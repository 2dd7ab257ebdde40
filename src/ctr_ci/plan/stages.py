"""Stages of ours on top of Cloud Build's order: a stage starts when the one before it has passed."""

from __future__ import annotations

from collections.abc import Sequence

from ctr_ci.document import List, Map, Node, Scalar, nearest
from ctr_ci.plan.model import Step
from ctr_ci.problem import InputError, Problem
from ctr_ci.source import Span
from ctr_ci.value import replace, value


@value
class StagePolicy:
    """One entry of `stages:` in ctr-ci.yaml. `steps` are ids, or indexes of steps without one.
    `path` and `span` say where it is declared."""

    name: str
    steps: tuple[str, ...]
    gate: bool = False
    path: str = ""
    span: Span | None = None


def add_barriers(steps: Sequence[Step], stages: Sequence[StagePolicy]) -> tuple[Step, ...]:
    """The steps with each stage's barrier in their `after`, and their stage and gate.

    Steps of no stage keep their own order. Raises InputError for an unknown or repeated step, and
    where a barrier would make steps wait for each other.
    """
    problems: list[Problem] = []
    owner = _owners(steps, stages, problems)
    if problems:
        raise InputError(*problems)
    before: frozenset[int] = frozenset()
    barriers: list[frozenset[int]] = []
    for stage in stages:
        barriers.append(before)
        before |= {index for index, one in owner.items() if one is stage}
    made = []
    for step in steps:
        found = owner.get(step.index)
        if found is None:
            made.append(step)
            continue
        barrier = barriers[list(stages).index(found)]
        made.append(replace(step, after=step.after | barrier, stage=found.name, gate=found.gate))
    _refuse_cycle(made, owner)
    return tuple(made)


def _owners(
    steps: Sequence[Step], stages: Sequence[StagePolicy], problems: list[Problem]
) -> dict[int, StagePolicy]:
    known = {step.id or str(step.index): step.index for step in steps}
    owner: dict[int, StagePolicy] = {}
    names: set[str] = set()
    for stage in stages:

        def complain(found: str, expected: str, way_out: str = "", at: StagePolicy = stage) -> None:
            problems.append(Problem(found, expected, way_out, at.path, at.span))

        if stage.name in names:
            complain(f"the stage {stage.name!r} twice", "each stage once")
        names.add(stage.name)
        for step in stage.steps:
            if step not in known:
                near = nearest(step, known)
                way_out = f"did you mean {near!r}?" if near else f"steps: {', '.join(known)}"
                complain(f"stage {stage.name!r} has no step {step!r}", "the id of a step", way_out)
            elif known[step] in owner:
                other = owner[known[step]].name
                complain(f"step {step!r} in stage {stage.name!r} and in {other!r}", "each step in one stage")
            else:
                owner[known[step]] = stage
    return owner


def _refuse_cycle(steps: Sequence[Step], owner: dict[int, StagePolicy]) -> None:
    waiting = {step.index: set(step.after) for step in steps}
    while ready := [index for index, after in waiting.items() if not after & waiting.keys()]:
        for index in ready:
            del waiting[index]
    if not waiting:
        return
    first = next(index for index in waiting if index in owner)
    stage = owner[first]
    shown = ", ".join(step.id or f"#{step.index}" for step in steps if step.index in waiting)
    raise InputError(
        Problem(
            f"the stages make steps wait for each other: {shown}",
            "stages in an order that the steps' waitFor allows",
            "a step without waitFor waits for all above it: move it, or give it `waitFor`",
            stage.path,
            stage.span,
        )
    )


def read_stages(node: Node | None, path: str) -> tuple[StagePolicy, ...]:
    """The `stages:` section of ctr-ci.yaml. Raises InputError with every mistake in it."""
    if node is None or (isinstance(node, Scalar) and node.kind == "null"):
        return ()
    problems: list[Problem] = []
    if not isinstance(node, List):
        raise InputError(Problem("stages that are no list", "a list of stages", path=path, span=node.span))
    stages = tuple(stage for item in node.items if (stage := _stage(item, path, problems)))
    if problems:
        raise InputError(*problems)
    return stages


def _stage(node: Node, path: str, problems: list[Problem]) -> StagePolicy | None:
    if not isinstance(node, Map):
        problems.append(Problem("a stage that is no map", "`name`, `steps`", path=path, span=node.span))
        return None
    for entry in node.entries:
        if entry.key not in ("name", "steps", "gate"):
            near = nearest(entry.key, ("name", "steps", "gate"))
            way_out = f"did you mean {near!r}?" if near else ""
            expected = "name, steps or gate"
            problems.append(Problem(f"unknown key {entry.key!r}", expected, way_out, path, entry.key_span))
    name, steps, gate = (node.entry(key) for key in ("name", "steps", "gate"))
    if not name or not isinstance(name.value, Scalar) or not name.value.text:
        problems.append(Problem("a stage without name", "`name:`", path=path, span=node.span))
        return None
    items = steps.value.items if steps and isinstance(steps.value, List) else ()
    ids = tuple(item.text for item in items if isinstance(item, Scalar))
    if not ids or len(ids) != len(items):
        expected = "a list of step ids"
        problems.append(
            Problem(f"stage {name.value.text!r} without steps", expected, path=path, span=node.span)
        )
    gated = gate.value.value if gate and isinstance(gate.value, Scalar) else False
    if not isinstance(gated, bool):
        problems.append(Problem(f"gate: {gated!r}", "true or false", path=path, span=node.span))
    return StagePolicy(name.value.text, ids, gated is True, path, node.span)
