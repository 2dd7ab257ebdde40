"""The linter: rules over a parsed Dockerfile, findings, suppression and repair.

Pure: takes values and gives values. It reads no file but its own rules, and prints nothing. What a clean
file does not need (repair, packing, names of rules) is loaded when it is asked for.
"""

from ctr_ci.lint.catalogue import find
from ctr_ci.lint.catalogue import rules as all_rules
from ctr_ci.lint.check import check
from ctr_ci.lint.context import Context, ShellNote
from ctr_ci.lint.facts import Facts
from ctr_ci.lint.result import Linted, Outcome
from ctr_ci.lint.rule import Category, Edit, Example, Finding, Fix, Related, Rule, Safety, Severity
from ctr_ci.lint.select import Selection, check_names, select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.lint.apply import Fixed, diff, fix
    from ctr_ci.lint.codec import Packed, pack, unpack
    from ctr_ci.lint.ignorefile import Ignore
    from ctr_ci.lint.image import Image
    from ctr_ci.lint.options import check as check_options
    from ctr_ci.lint.purpose import meant
    from ctr_ci.lint.toolchain import build_only

_LATER = {
    "Fixed": ("apply", "Fixed"),
    "diff": ("apply", "diff"),
    "fix": ("apply", "fix"),
    "Packed": ("codec", "Packed"),
    "pack": ("codec", "pack"),
    "unpack": ("codec", "unpack"),
    "check_options": ("options", "check"),
    "Ignore": ("ignorefile", "Ignore"),
    "Image": ("image", "Image"),
    "build_only": ("toolchain", "build_only"),
    "meant": ("purpose", "meant"),
}

__all__ = [
    "Category",
    "Context",
    "Edit",
    "Example",
    "Facts",
    "Finding",
    "Fix",
    "Fixed",
    "Ignore",
    "Image",
    "Linted",
    "Outcome",
    "Packed",
    "Related",
    "Rule",
    "Safety",
    "Selection",
    "Severity",
    "ShellNote",
    "all_rules",
    "build_only",
    "check",
    "check_names",
    "check_options",
    "diff",
    "find",
    "fix",
    "meant",
    "pack",
    "select",
    "unpack",
]


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module 'ctr_ci.lint' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _LATER[name]
    return getattr(import_module(f"ctr_ci.lint.{module}"), attribute)
