"""`ctr-ci plan`: what would run, without an engine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from ctr_ci.plan import to_json
from ctr_ci.problem import Exit
from ctr_ci.report.plan_text import plan_text
from ctr_ci.value import value
from ctr_ci.verbs.build_inputs import BuildChoice, planned
from ctr_ci.verbs.plan_matrix import matrix
from ctr_ci.workspace import git_facts

BUILD_ID = "00000000-0000-0000-0000-000000000000"  # stands for the one that a run would get


@value
class Request:
    """`format` is "text" or "json"; `matrix` says whose matrices are asked for in its place, "" for none."""

    folder: Path
    choice: BuildChoice
    format: str
    matrix: str = ""


def plan(request: Request, environment: Mapping[str, str], out: TextIO, err: TextIO) -> Exit:
    """Prints the plan, warnings to `err`. Raises InputError where Google would refuse the build."""
    facts = git_facts(request.folder)
    if request.matrix:
        return matrix(request.folder, request.choice, facts, environment, BUILD_ID, out, err)
    made, warnings = planned(request.choice, request.folder, facts, environment, BUILD_ID)
    for warning in warnings:
        err.write(warning.render() + "\n")
    if request.format == "json":
        out.write(to_json(made))
    else:
        out.writelines(f"{line}\n" for line in plan_text(made))
    return Exit.DONE
