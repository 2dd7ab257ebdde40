"""`ctr-ci plan`: what would run."""

from __future__ import annotations

from ctr_ci.cli.build_options import BUILD_OPTIONS, choice
from ctr_ci.cli.option import Command, Option
from ctr_ci.problem import Exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> Exit:
    import os
    import sys
    from pathlib import Path

    from ctr_ci.verbs.plan import Request, plan

    request = Request(Path(arguments.source), choice(arguments), arguments.format, arguments.matrix or "")
    return plan(request, os.environ, sys.stdout, sys.stderr)


COMMAND = Command(
    name="plan",
    summary="say what would run: steps, order, resolved substitutions",
    example="  ctr-ci plan . --substitutions _TAG=v1     every step of ./cloudbuild.yaml, nothing started",
    options=(
        Option("source", "the folder with the source (default: here)", kind="path", default="."),
        *BUILD_OPTIONS,
        Option(
            "--matrix",
            "all builds in and below SOURCE as a list of matrices for a workflow's jobs, each wave FROM the "
            "images of those before it",
            choices=("github",),
        ),
        Option("--format", "text for people, json for programs", default="text", choices=("text", "json")),
    ),
    run=run,
)
