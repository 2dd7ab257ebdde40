"""`ctr-ci split`: the options, and the request they make."""

from __future__ import annotations

from ctr_ci.cli.option import Command, Option, named
from ctr_ci.problem import Exit, InputError, Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> Exit:
    import os
    import sys
    from pathlib import Path

    from ctr_ci.split import Wish
    from ctr_ci.verbs.coloured import coloured
    from ctr_ci.verbs.split import Request
    from ctr_ci.verbs.split import run as split
    from ctr_ci.verbs.split_proof import Trial

    if sum([arguments.write, bool(arguments.output), arguments.diff]) > 1:
        raise InputError(Problem("more than one of --write, --output and --diff", expected="one of them"))
    if not arguments.prove and (arguments.check or arguments.keep_images):
        raise InputError(Problem("--check and --keep-images without --prove", help="they are parts of it"))
    for path in arguments.keep:
        if not path.startswith("/") or not path.isprintable() or any(char in ' $"' for char in path):
            raise InputError(
                Problem(f"--keep {path}", expected="an absolute path in the image, without blanks")
            )
    for option, texts in (("--runtime", (arguments.runtime or "",)), ("--package", arguments.package)):
        for text in texts:
            if any(char in " \t\"'`;&|<>()#$*\\" or not char.isprintable() for char in text):
                raise InputError(Problem(f"{option} {text}", expected="one name, without blanks"))
    given = tuple(named("--build-arg", text) for text in arguments.build_arg)
    trial = Trial(
        tuple(arguments.check),
        arguments.check_timeout,
        arguments.keep_images,
        given,
        arguments.engine,
        arguments.verbose,
    )
    request = Request(
        dockerfile=arguments.dockerfile,
        context=Path(arguments.context) if arguments.context else None,
        wish=Wish(tuple(arguments.keep), arguments.runtime or "", tuple(arguments.package)),
        output=arguments.output or "",
        write=arguments.write,
        form=arguments.format,
        trial=trial if arguments.prove else None,
        arguments=given,
        color=coloured(arguments.color, os.environ, sys.stdout),
    )
    return split(request, os.environ, sys.stdout, sys.stderr)


COMMAND = Command(
    name="split",
    summary="rewrite a single-stage Dockerfile: one stage that builds, one that ships",
    example=(
        "  ctr-ci split Dockerfile                        the change, as a diff\n"
        "  ctr-ci split Dockerfile --write --prove --check 'app --version'\n"
        "  ctr-ci split Dockerfile . --runtime debian:bookworm-slim --keep /opt/data --package libpq5"
    ),
    options=(
        Option("dockerfile", "the file, its folder, or - for standard input", "path", metavar="DOCKERFILE"),
        Option("context", "the build context (default: the file's folder)", "path", "", metavar="CONTEXT"),
        Option("--write", "write the new text over the old file", "flag"),
        Option("--output", "write the new text to a file; - is standard output", metavar="FILE", short="-o"),
        Option("--diff", "show the change (this is the default), write nothing", "flag"),
        Option("--keep", "ship this path of the image too", "list", metavar="PATH"),
        Option("--runtime", "ship on this image", metavar="IMAGE"),
        Option("--package", "install this package of the distribution in what ships", "list", metavar="NAME"),
        Option("--build-arg", "a build argument", "list", metavar="NAME=VALUE"),
        Option("--prove", "build both files and prove that the new image does what the old one did", "flag"),
        Option("--check", "with --prove: run this in both images and compare", "list", metavar="COMMAND"),
        Option("--check-timeout", "how long one check may take", "int", 60, metavar="SECONDS"),
        Option("--keep-images", "with --prove: leave the new image in the engine", "flag"),
        Option("--engine", "the engine's URL (default: DOCKER_HOST, the context, the socket)", metavar="URL"),
        Option("--format", "text or json", default="text", choices=("text", "json")),
        Option("--color", "color the verdict", default="auto", choices=("auto", "always", "never")),
        Option("--verbose", "show the log of the builds", "flag", short="-v"),
    ),
    run=run,
)
