"""Pages, schemas and manifests computed from the declarations. Pure functions of what they are given."""

from __future__ import annotations

from ctr_ci.reference.action_yml import INPUTS, OUTPUTS, Input, Output
from ctr_ci.reference.action_yml import render as action_yml
from ctr_ci.reference.hooks_yaml import render as hooks_yaml

__all__ = ["INPUTS", "OUTPUTS", "Input", "Output", "action_yml", "hooks_yaml"]
