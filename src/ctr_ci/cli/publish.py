"""`ctr-ci publish`: the command line of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ctr_ci.cli.option import Command, Option
from ctr_ci.problem import Exit, InputError, Problem

if TYPE_CHECKING:
    from argparse import Namespace


def run(arguments: Namespace) -> Exit:
    from ctr_ci.registry import Trust
    from ctr_ci.verbs.publish import Request, publish

    return publish(
        Request(
            folder=Path.cwd(),
            record=Path(arguments.record) if arguments.record else None,
            image=arguments.image or "",
            unverified=arguments.unverified,
            to=arguments.to or "",
            tags=tuple(arguments.tag),
            credential=arguments.credential or "",
            require=tuple(arguments.require),
            immutable=arguments.immutable,
            annotations=tuple(_pair(text) for text in arguments.annotation),
            dry_run=arguments.dry_run,
            json=arguments.format == "json",
            quiet=arguments.quiet,
            engine=arguments.engine,
            token_hosts=tuple(arguments.token_host),
            mounts=tuple(arguments.mount_from),
            plain_http=arguments.plain_http,
            trust=Trust(arguments.ca or "", arguments.client_cert or "", arguments.client_key or ""),
        )
    )


def _pair(text: str) -> tuple[str, str]:
    name, equals, content = text.partition("=")
    if not equals or not name:
        raise InputError(Problem(f"annotation {text!r}", expected="NAME=TEXT"))
    return name, content


COMMAND = Command(
    name="publish",
    summary="Push exactly the image that a run has tested: blobs, manifest by digest, tags last.",
    example="  ctr-ci publish --to registry.example/app --tag 1.4.0 --credential env:ci:REGISTRY_PASSWORD",
    options=(
        Option("--record", "the run's record (default: the newest run here)", metavar="FILE"),
        Option("--image", "which image of the record; with --unverified any of the engine's", metavar="REF"),
        Option("--unverified", "push --image although no run has tested it", kind="flag"),
        Option("--to", "where to (default: the images' own names)", metavar="HOST/REPOSITORY"),
        Option("--tag", "tag to set, repeatable (default: the name's own, else latest)", kind="list"),
        Option(
            "--credential",
            "env:USER:VARIABLE, file:PATH, docker-config, helper:NAME, github, token-stdin "
            "or password-stdin:USER",
            metavar="SOURCE",
        ),
        Option("--require", "gate or stage that must have passed, repeatable", kind="list", metavar="GATE"),
        Option("--immutable", "refuse to move a tag that exists", kind="flag"),
        Option("--annotation", "NAME=TEXT on the manifest, repeatable", kind="list", metavar="NAME=TEXT"),
        Option("--mount-from", "repository there to take blobs over from, repeatable", kind="list"),
        Option("--dry-run", "prove the right to push, write nothing", kind="flag"),
        Option("--format", "form of the receipt", default="text", choices=("text", "json")),
        Option("--quiet", "only the receipt", kind="flag", short="-q"),
        Option("--engine", "the engine's URL (default: DOCKER_HOST, the docker context)", metavar="URL"),
        Option(
            "--token-host", "host that may be sent the credential for a token", kind="list", metavar="HOST"
        ),
        Option("--ca", "certificate of an authority of your own", metavar="FILE"),
        Option("--client-cert", "our certificate for TLS", metavar="FILE"),
        Option("--client-key", "its key, where it is another file", metavar="FILE"),
        Option("--plain-http", "speak http to a registry that is not this machine", kind="flag"),
    ),
    run=run,
)
