"""What a build must have made when its steps have passed: the images it names, and its artifacts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ctr_ci.engine import Engine
from ctr_ci.events import ArtifactKept, Event, ImageFound
from ctr_ci.plan import Plan
from ctr_ci.problem import Problem
from ctr_ci.runner.build import Build

Emit = Callable[[Event], None]
Clock = Callable[[], float]


def missing_images(
    plan: Plan, engine: Engine, stale: Callable[[str, str], bool], emit: Emit, clock: Clock
) -> Problem | None:
    """Each of `images:` must be here, and of this build: on Google's fresh machine an image that an
    earlier build left does not exist. `stale`: whether a name and the ID it has are from before."""
    missing, old = [], []
    for name in plan.images:
        image = engine.image(name)
        if image is None:
            missing.append(name)
        elif stale(name, image.id):
            missing.append(name)
            old.append(name)
        else:
            emit(ImageFound(clock(), name, image.id))
    if not missing:
        return None
    listed = ", ".join(f'"{name}"' for name in missing)
    help = "a step must build or tag an image by exactly this name"
    if old:
        help = f"{', '.join(old)} is here from before: no step of this build made it; {help}"
    found = f"failed to find one or more images after execution of build steps: [{listed}]"
    return Problem(found, help=help, path=plan.config_path)


def keep_artifacts(plan: Plan, build: Build, target: Path, emit: Emit, clock: Clock) -> Problem | None:
    """Copies what `artifacts:` names to `target`."""
    from ctr_ci.runner.artifacts import Unmatched, collect

    try:
        for kept in collect(plan, build.workspace, target, build.id):
            emit(ArtifactKept(clock(), kept.kind, kept.location, str(kept.path), kept.size_bytes))
    except Unmatched as error:
        return error.problem
    return None
