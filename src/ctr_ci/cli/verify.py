"""`ctr-ci verify`: the command line of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctr_ci.cli.option import Command, Option
from ctr_ci.cli.registry_options import REACH, TRUSTED, reach, trusted
from ctr_ci.problem import Exit

if TYPE_CHECKING:
    from argparse import Namespace


def run(arguments: Namespace) -> Exit:
    from ctr_ci.verbs.verify import Request, verify

    return verify(
        Request(
            arguments.reference,
            reach(arguments),
            tuple(arguments.require),
            trusted(arguments),
            arguments.format == "json",
        )
    )


COMMAND = Command(
    name="verify",
    summary="Check a pushed image against the test evidence that is attached to its digest.",
    example="  ctr-ci verify registry.example/app@sha256:... --require test --key release.pub",
    options=(
        Option("reference", "the image in its registry", kind="path", metavar="HOST/REPOSITORY@DIGEST"),
        Option("--require", "test or gate that must have passed, repeatable", kind="list", metavar="NAME"),
        Option("--key", "public key (PEM) that must have signed the evidence", metavar="FILE"),
        *TRUSTED,
        Option("--format", "form of the verdict", default="text", choices=("text", "json")),
        *REACH,
    ),
    run=run,
)
