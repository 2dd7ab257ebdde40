"""What will run: a build's steps in their order, with every value resolved. Pure; no secret values."""

from __future__ import annotations

from ctr_ci.plan.json import to_json
from ctr_ci.plan.make import make
from ctr_ci.plan.matrix import Job, made, matrices, options, waves
from ctr_ci.plan.model import Mount, Package, Plan, SecretSource, Step
from ctr_ci.plan.stages import StagePolicy, read_stages

__all__ = [
    "Job",
    "Mount",
    "Package",
    "Plan",
    "SecretSource",
    "StagePolicy",
    "Step",
    "made",
    "make",
    "matrices",
    "options",
    "read_stages",
    "to_json",
    "waves",
]
