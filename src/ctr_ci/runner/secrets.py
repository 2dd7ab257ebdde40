"""Secret values on their way into a step's container: the runner's only look at them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ctr_ci.plan import Plan, Step
from ctr_ci.problem import InputError, Problem
from ctr_ci.secret import Secret


def variables(step: Step, secrets: Mapping[str, Secret]) -> tuple[tuple[str, str], ...]:
    """The environment variables of a step that hold secrets."""
    return tuple((name, secrets[name].reveal()) for name in step.secrets)


def google_token(token: Secret, life_s: int) -> bytes:
    """The token as the metadata server hands it to a step that asks for it."""
    return json.dumps({"access_token": token.reveal(), "expires_in": life_s, "token_type": "Bearer"}).encode()


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
