"""What a run says at its end, and the exit code that it comes to."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterator
from pathlib import Path

from ctr_ci.plan import Plan
from ctr_ci.problem import Exit
from ctr_ci.record import Record
from ctr_ci.report.log import short
from ctr_ci.runner import Build, Outcome


def exit_of(outcome: Outcome) -> Exit:
    """A signal goes before all; then whose fault it was; then what the work says."""
    if outcome.signal:
        return Exit.TERMINATED if outcome.signal == signal.SIGTERM else Exit.INTERRUPTED
    if outcome.error is not None:
        return outcome.error.exit
    return {"SUCCESS": Exit.DONE, "TIMEOUT": Exit.TIMEOUT}.get(outcome.status, Exit.NO)


def summary(
    outcome: Outcome, found: Record, place: Path, root: Path, *, pushes: bool, person: bool
) -> Iterator[str]:
    """What was tested by what, where the record is, and what to do next; paths as typed from `root`.
    `person`: one is there, who may want to look into what failed."""
    path = shown(place, root)
    for image in found.images:
        said = f"{image.name} ({short(image.image_id)}) was tested by"
        if image.tested_by:
            yield f"{said} {', '.join(image.tested_by)}"
        else:
            yield f"{said} no step: `publish` will refuse it"
    if found.held:
        yield f"held, not pushed: {', '.join(found.held)}"
    yield f"record: {path}"
    if outcome.status == "SUCCESS" and not pushes and any(image.tested_by for image in found.images):
        yield f"next: ctr-ci publish --record {shlex.quote(path)}"
    failed = [step for step in found.steps if step.status in ("FAILURE", "TIMEOUT") and not step.forgiven]
    if person and failed and failed[0].image_id and not outcome.kept:
        name = shlex.quote(failed[0].id or str(failed[0].index))
        yield f"to look into it: the same command with --shell {name}, a shell in the step's place"


def how_to_look(outcome: Outcome, found: Record, plan: Plan, build: Build) -> Iterator[str]:
    """What a failed build has left, and commands for a look at it. Secrets are not in them."""
    yield f"kept: {', '.join(outcome.kept)}, and {build.folder}"
    for step in found.steps:
        if step.status in ("FAILURE", "TIMEOUT") and not step.forgiven and step.image_id:
            yield f"a shell like step {step.index}'s: {_shell(plan, step.index, step.image_id, build)}"
    yield "remove it: ctr-ci clean --kept"


def _shell(plan: Plan, index: int, image_id: str, build: Build) -> str:
    step = plan.steps[index]
    folders = {build.workspace: "/workspace", build.folder / "home": "/builder/home"}
    command = ["docker", "run", "-it", "--rm", "--entrypoint", "sh", "-w", step.workdir]
    for source, target in folders.items():
        command += ["-v", f"{source}:{target}"]
    for name, value in step.env:
        command += ["-e", f"{name}={value}"]
    return shlex.join([*command, image_id])


def shown(path: Path, root: Path) -> str:
    """A path as a person would type it from `root`."""
    return str(path.relative_to(root) if path.is_relative_to(root) else path)
