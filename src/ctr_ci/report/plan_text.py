"""A plan for people: each step with what it waits for and what it runs."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import timedelta

from ctr_ci.plan import Plan, Step

_OWN = ("HOME", "BUILDER_OUTPUT")  # every step has them: not worth a line


def plan_text(plan: Plan) -> Iterator[str]:
    """Lines without their ends."""
    steps = f"{len(plan.steps)} step{'' if len(plan.steps) == 1 else 's'}"
    yield f"{plan.config_path or 'build'}: {steps}, at most {_time(plan.timeout)}"
    if plan.substitutions:
        yield ""
        yield "substitutions"
        width = max(len(key) for key, _ in plan.substitutions)
        for key, value in plan.substitutions:
            yield f"  {key:{width}}  {_line(value)}"
    stage = ""
    for step in plan.steps:
        yield ""
        if step.stage and step.stage != stage:
            yield f"stage {step.stage}{' (gate)' if step.gate else ''}"
        stage = step.stage
        yield from _step(step, plan)
    for title, values in (("images", plan.images), ("tags", plan.tags), ("volumes", plan.volumes)):
        if values:
            yield ""
            yield title
            yield from (f"  {value}" for value in values)
    if plan.object_location:
        yield ""
        yield f"files to {plan.object_location}"
        yield from (f"  {path}" for path in plan.object_paths)
    for package in plan.packages:
        yield ""
        yield package.kind
        yield from (f"  {name}  {' '.join(values)}" for name, values in package.fields)
    if plan.secrets:
        yield ""
        yield "secrets"
        yield from (f"  {secret.variable}  from {secret.version_name}" for secret in plan.secrets)


def _step(step: Step, plan: Plan) -> Iterator[str]:
    yield f"{step.label}: {step.image}"
    yield f"  {_start(step, plan)}"
    if step.script is not None:
        yield "  script"
        yield from (f"    {line}" for line in step.script.splitlines())
    else:
        yield f"  runs {_command(step)}"
    if step.workdir != "/workspace":
        yield f"  in {step.workdir}"
    env = [f"{name}={_line(value)}" for name, value in step.env if name not in _OWN]
    if env:
        yield f"  env {' '.join(map(shlex.quote, env))}"
    if step.secrets:
        yield f"  secrets {', '.join(step.secrets)}"
    for mount in step.mounts:
        yield f"  volume {mount.name} at {mount.path}"
    if step.timeout:
        yield f"  at most {_time(step.timeout)}"
    if step.allow_failure:
        yield "  may fail"
    if step.allow_exit_codes:
        yield f"  may exit with {', '.join(map(str, sorted(step.allow_exit_codes)))}"


def _start(step: Step, plan: Plan) -> str:
    """What it waits for itself, without what those wait for anyway."""
    if not step.after:
        return "starts at once"
    implied: set[int] = set()
    for index in step.after:
        implied |= plan.steps[index].after
    direct = sorted(step.after - implied)
    shown = ", ".join(
        f"#{index}" + (f" {plan.steps[index].id}" if plan.steps[index].id else "") for index in direct
    )
    return f"after {shown}"


def _command(step: Step) -> str:
    program = step.entrypoint or "the image's entrypoint"
    if step.args is None:
        return f"{program}, no arguments" if step.entrypoint else "the image's own command"
    words = " ".join(shlex.quote(argument) for argument in step.args)
    return f"{shlex.quote(step.entrypoint)} {words}" if step.entrypoint else f"[entrypoint] {words}"


def _line(text: str) -> str:
    return (
        text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
        if "\n" in text or "\r" in text
        else text
    )


def _time(duration: timedelta) -> str:
    seconds = duration.total_seconds()
    if seconds >= 60 and seconds == int(seconds):
        hours, rest = divmod(int(seconds), 3600)
        minutes, left = divmod(rest, 60)
        parts = [f"{n}{unit}" for n, unit in ((hours, "h"), (minutes, "m"), (left, "s")) if n]
        return " ".join(parts)
    return f"{seconds:g}s"
