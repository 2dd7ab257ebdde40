"""`ctr-ci init`: the first files of a repository that starts with ctr-ci."""

from __future__ import annotations

from ctr_ci.cli.option import Command, Option
from ctr_ci.problem import Exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> Exit:
    import sys
    from pathlib import Path

    from ctr_ci.verbs.init import Request, init

    request = Request(Path(arguments.folder), arguments.dry_run, arguments.registry)
    return init(request, sys.stdout)


COMMAND = Command(
    name="init",
    summary="write a workflow, a pre-commit entry and a cloudbuild.yaml fit for the repository",
    example="  ctr-ci init                 in the repository's folder; nothing that exists is changed",
    options=(
        Option("folder", "the repository's folder (default: here)", kind="path", default="."),
        Option("--registry", "where images go, HOST/TEAM: adds the publishing job", metavar="HOST/TEAM"),
        Option("--dry-run", "print what would be written", kind="flag"),
    ),
    run=run,
)
