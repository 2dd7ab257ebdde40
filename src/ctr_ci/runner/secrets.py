"""Secret values on their way into a step's container: the runner's only look at them."""

from __future__ import annotations

from collections.abc import Mapping

from ctr_ci.plan import Plan, Step
from ctr_ci.problem import InputError, Problem
from ctr_ci.secret import Secret


def variables(step: Step, secrets: Mapping[str, Secret]) -> tuple[tuple[str, str], ...]:
    """The environment variables of a step that hold secrets."""
    return tuple((name, secrets[name].reveal()) for name in step.secrets)


def require(plan: Plan, secrets: Mapping[str, Secret]) -> None:
    """Raises InputError, before anything starts, for each secret that a step wants and nobody gave."""
    versions = {source.variable: source.version_name for source in plan.secrets}
    problems = [
        Problem(
            f"{step.label} wants the secret {name}"
            + (f" ({versions[name]})" if versions.get(name) else "")
            + ", which was not given",
            help=f"--secret {name}=env:VARIABLE, {name}=file:PATH or {name}=cmd:COMMAND",
            path=plan.config_path,
        )
        for step in plan.steps
        for name in step.secrets
        if name not in secrets
    ]
    if problems:
        raise InputError(*problems)
