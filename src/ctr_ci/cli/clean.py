"""`ctr-ci clean`: what killed runs left."""

from __future__ import annotations

from ctr_ci.cli.option import Command, Option
from ctr_ci.problem import Exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> Exit:
    import os
    import sys

    from ctr_ci.verbs.clean import Request, clean

    return clean(Request(arguments.engine, arguments.kept), os.environ, sys.stdout, sys.stderr)


COMMAND = Command(
    name="clean",
    summary="remove what an interrupted run left in the engine",
    example="  ctr-ci clean                what a killed run left; nothing of a run that lives, or of others",
    options=(
        Option("--engine", "the engine (default: DOCKER_HOST, the docker context)", metavar="URL"),
        Option("--kept", "also what `ctr-ci run --keep` left to look at", kind="flag"),
    ),
    run=run,
)
