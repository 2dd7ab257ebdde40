"""The Dockerfile front: text in, typed instructions with places out; syntax problems are collected.

`parse(source)` gives a `Dockerfile`. Grammar: BuildKit's. Knows no rules.
"""

from ctr_ci.dockerfile.directive import Directive
from ctr_ci.dockerfile.expand import (
    PLATFORM_ARGUMENTS,
    RUN_ARGUMENTS,
    UNDECLARED_ARGUMENTS,
    Expansion,
    Scope,
)
from ctr_ci.dockerfile.file import Dockerfile, parse
from ctr_ci.dockerfile.instruction import (
    Add,
    Arg,
    Cmd,
    Comment,
    Copy,
    Entrypoint,
    Env,
    Expose,
    Flag,
    From,
    Healthcheck,
    Heredoc,
    Instruction,
    Label,
    Line,
    Maintainer,
    Mount,
    Onbuild,
    Pair,
    Run,
    Shell,
    Stopsignal,
    Unknown,
    User,
    Volume,
    Workdir,
)
from ctr_ci.dockerfile.path import is_git, is_url
from ctr_ci.dockerfile.stage import Stage, State, is_absolute
from ctr_ci.dockerfile.text import Text, Word

__all__ = [
    "PLATFORM_ARGUMENTS",
    "RUN_ARGUMENTS",
    "UNDECLARED_ARGUMENTS",
    "Add",
    "Arg",
    "Cmd",
    "Comment",
    "Copy",
    "Directive",
    "Dockerfile",
    "Entrypoint",
    "Env",
    "Expansion",
    "Expose",
    "Flag",
    "From",
    "Healthcheck",
    "Heredoc",
    "Instruction",
    "Label",
    "Line",
    "Maintainer",
    "Mount",
    "Onbuild",
    "Pair",
    "Run",
    "Scope",
    "Shell",
    "Stage",
    "State",
    "Stopsignal",
    "Text",
    "Unknown",
    "User",
    "Volume",
    "Word",
    "Workdir",
    "is_absolute",
    "is_git",
    "is_url",
    "parse",
]
