"""`ctr-ci inspect`: what ships in an image, in bytes."""

from __future__ import annotations

from ctr_ci.cli.option import Command, Option
from ctr_ci.cli.registry_options import REACH, reach
from ctr_ci.problem import Exit, InputError, Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from ctr_ci.verbs.inspect import Output


def run(arguments: argparse.Namespace) -> Exit:
    import os
    import shutil
    import sys

    from ctr_ci.image import Amount, Limits
    from ctr_ci.verbs.coloured import coloured
    from ctr_ci.verbs.inspect import REGISTRY, Request
    from ctr_ci.verbs.inspect import run as inspect

    def amount(text: str | None) -> Amount | None:
        return None if text is None else Amount.parse(text)

    limits = Limits(
        amount(arguments.max_size),
        amount(arguments.max_build_bytes),
        amount(arguments.max_waste),
        tuple(arguments.no_file),
        arguments.no_secrets,
    )
    request = Request(
        image=arguments.image,
        base=arguments.base,
        which=arguments.reference or "",
        outputs=tuple(_output(text) for text in arguments.format or ["text"]),
        limits=limits,
        files=arguments.files,
        top=arguments.top,
        tree=arguments.tree or 0,
        engine=arguments.engine,
        color=coloured(arguments.color, os.environ, sys.stdout),
        width=shutil.get_terminal_size((120, 24)).columns,
        reach=reach(arguments) if arguments.image.startswith(REGISTRY) else None,
        platform=arguments.platform or "",
    )
    return inspect(request, os.environ, sys.stdout)


def _output(text: str) -> Output:
    from pathlib import Path

    from ctr_ci.verbs.inspect import FORMATS, Output

    form, colon, path = text.partition(":")
    if form not in FORMATS or (colon and not path):
        raise InputError(
            Problem(f"unknown format {text!r}", expected=f"{', '.join(FORMATS)}, or one of them with :FILE")
        )
    return Output(form, Path(path) if path else None)


COMMAND = Command(
    name="inspect",
    summary="say what ships in an image, in bytes: runtime, build-only, caches, sources, waste",
    example=(
        "  ctr-ci inspect app:latest\n"
        "  ctr-ci inspect app:latest --max-build-bytes 0 --max-size 120MB --no-file '*.pem'\n"
        "  ctr-ci inspect app:latest --tree 3\n"
        "  ctr-ci inspect app.tar --format html:weight.html"
    ),
    options=(
        Option(
            "image",
            "an engine's image (name or ID), a `docker save` or OCI archive, an OCI layout folder, "
            "registry://REFERENCE, or - for an archive on standard input",
            kind="path",
            metavar="IMAGE",
        ),
        Option(
            "--format", "text, json or html; FORMAT:FILE writes a file", kind="list", metavar="FORMAT[:FILE]"
        ),
        Option("--max-size", "fail over this size (120MB, 1.5GiB)", metavar="SIZE"),
        Option("--max-build-bytes", "fail over this much that only built it (0, 5MB, 2%%)", metavar="SIZE"),
        Option("--max-waste", "fail over this much hidden in lower layers (10MB, 5%%)", metavar="SIZE"),
        Option(
            "--no-file",
            "fail where a path fits (*.pem, /usr/bin/gcc*, **/.git/**)",
            kind="list",
            metavar="GLOB",
        ),
        Option("--no-secrets", "fail where any layer holds a key or a token", kind="flag"),
        Option("--base", "the base image, to tell its layers from yours", metavar="IMAGE"),
        Option("--reference", "which image of an archive that holds several", metavar="NAME"),
        Option("--files", "json: every file, not the sums alone", kind="flag"),
        Option("--tree", "text: the folders as a tree, so many names deep", kind="int", metavar="DEPTH"),
        Option("--top", "text: how many offenders each table names", kind="int", default=8, metavar="N"),
        Option(
            "--engine",
            "the engine's URL (default: DOCKER_HOST, the docker context, the socket)",
            metavar="URL",
        ),
        Option("--platform", "which image of several in a registry", metavar="OS/ARCHITECTURE"),
        *REACH,
        Option("--color", "color the report", default="auto", choices=("auto", "always", "never")),
    ),
    run=run,
)
