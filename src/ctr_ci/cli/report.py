"""`ctr-ci report`: a run as one page."""

from __future__ import annotations

from ctr_ci.cli.option import Command, Option
from ctr_ci.problem import Exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> Exit:
    import sys
    from pathlib import Path

    from ctr_ci.verbs.report import Request, report

    given = Path(arguments.record) if arguments.record else None
    return report(Request(Path.cwd(), given, arguments.output), sys.stdout)


COMMAND = Command(
    name="report",
    summary="write one self-contained HTML page of a run: timeline, gates, images, output",
    example="  ctr-ci report               of the newest run under .ctr-ci/runs",
    options=(
        Option(
            "record", "the record of a run (default: the newest)", kind="path", default="", metavar="RECORD"
        ),
        Option("--output", "where to write the page; - is standard output", metavar="FILE"),
    ),
    run=run,
)
