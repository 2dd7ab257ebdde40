"""`ctr-ci rules`: the options, and the request they make."""

from __future__ import annotations

from ctr_ci.cli.option import Command, Option
from ctr_ci.problem import Exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> Exit:
    import sys

    from ctr_ci.verbs.rules import rules

    return rules(tuple(arguments.rules), arguments.format, sys.stdout)


COMMAND = Command(
    name="rules",
    summary="list or explain the lint rules",
    example=(
        "  ctr-ci rules                        all rules, one a line\n"
        "  ctr-ci rules build-in-ship-image    what one says, and why\n"
        "  ctr-ci rules DL3008 security        by alias or category"
    ),
    options=(
        Option("rules", "ids, names, aliases or categories; default: all", "paths", metavar="RULE"),
        Option("--format", "text, json or markdown", default="text", choices=("text", "json", "markdown")),
    ),
    run=run,
)
