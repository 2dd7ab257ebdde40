"""The linter: rules over a parsed Dockerfile, findings, suppression and repair.

Pure: takes values and gives values. It reads no file but its own rules, and prints nothing.
"""

from ctr_ci.lint.catalogue import find, names, rules
from ctr_ci.lint.check import check
from ctr_ci.lint.context import Context
from ctr_ci.lint.result import Linted, Outcome
from ctr_ci.lint.rule import Category, Edit, Example, Finding, Fix, Related, Rule, Safety, Severity
from ctr_ci.lint.select import Selection, select

__all__ = [
    "Category",
    "Context",
    "Edit",
    "Example",
    "Finding",
    "Fix",
    "Linted",
    "Outcome",
    "Related",
    "Rule",
    "Safety",
    "Selection",
    "Severity",
    "check",
    "find",
    "names",
    "rules",
    "select",
]
