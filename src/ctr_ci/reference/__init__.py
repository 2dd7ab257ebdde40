"""Pages, schemas and manifests computed from the declarations. Pure functions of what they are given."""

from __future__ import annotations

from ctr_ci.reference.action_yml import INPUTS, OUTPUTS, Input, Output
from ctr_ci.reference.action_yml import render as action_yml
from ctr_ci.reference.hooks_yaml import render as hooks_yaml
from ctr_ci.reference.rule_pages import page as rule_page
from ctr_ci.reference.rule_pages import rule_pages
from ctr_ci.reference.settings_schema import page as settings_page
from ctr_ci.reference.settings_schema import render as settings_schema

__all__ = [
    "INPUTS",
    "OUTPUTS",
    "Input",
    "Output",
    "action_yml",
    "hooks_yaml",
    "rule_page",
    "rule_pages",
    "settings_page",
    "settings_schema",
]
