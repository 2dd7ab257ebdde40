"""`ctr-ci verify`: the command line of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctr_ci.cli.option import Command, Option
from ctr_ci.cli.registry_options import REACH, TRUSTED, reach, trusted
from ctr_ci.problem import Exit

if TYPE_CHECKING:
    from argparse import Namespace


def run(arguments: Namespace) -> Exit:
    from pathlib import Path

    from ctr_ci.verbs.verify import Request, verify

    return verify(
        Request(
            arguments.reference,
            reach(arguments),
            tuple(arguments.require),
            trusted(arguments),
            arguments.format == "json",
            Path(arguments.record) if arguments.record else None,
        )
    )


COMMAND = Command(
    name="verify",
    summary="Check an image against its test evidence: what is attached to its digest, or a run's record.",
    example="  ctr-ci verify registry.example/app@sha256:... --require test --key release.pub\n"
    "  ctr-ci verify sha256:IMAGE_ID --record record.json --key release.pub",
    options=(
        Option(
            "reference",
            "the image in its registry; with --record its ID, or its name in the record",
            kind="path",
            metavar="HOST/REPOSITORY@DIGEST",
        ),
        Option("--record", "the record of the run that tested it: no registry is asked", metavar="FILE"),
        Option("--require", "test or gate that must have passed, repeatable", kind="list", metavar="NAME"),
        Option("--key", "public key (PEM) that must have signed the evidence", metavar="FILE"),
        *TRUSTED,
        Option("--format", "form of the verdict", default="text", choices=("text", "json")),
        *REACH,
    ),
    run=run,
)
