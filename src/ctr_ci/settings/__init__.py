"""The configuration: `ctr-ci.yaml`, `[tool.ctr-ci]` in pyproject.toml, `.hadolint.yaml`.

Says what was written and where; whether a rule of that name exists is for `lint` to say. The sections
of other rooms (`stages`, `gates`, `publish`) are handed on as nodes with their spans.
"""

from ctr_ci.settings.find import settings as find
from ctr_ci.settings.model import LintSettings, Name, RuleOption, Settings
from ctr_ci.settings.table import LINT, Setting

__all__ = ["LINT", "LintSettings", "Name", "RuleOption", "Setting", "Settings", "find"]
