"""`ctr-ci publish`: the command line of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ctr_ci.cli.option import Command, Option, named
from ctr_ci.cli.registry_options import REACH, TRUSTED, reach, trusted
from ctr_ci.problem import Exit

if TYPE_CHECKING:
    from argparse import Namespace


def run(arguments: Namespace) -> Exit:
    from ctr_ci.verbs.publish import Request, publish

    return publish(
        Request(
            folder=Path.cwd(),
            reach=reach(arguments),
            record=Path(arguments.record[0]) if arguments.record else None,
            record_key=Path(arguments.record_signed_by) if arguments.record_signed_by else None,
            others=tuple(Path(text) for text in arguments.record[1:]),
            image=arguments.image or "",
            unverified=arguments.unverified,
            archive=Path(arguments.archive) if arguments.archive else None,
            from_registry=arguments.from_registry or "",
            from_credential=arguments.from_credential or "",
            to=tuple(arguments.to),
            tags=tuple(arguments.tag),
            require=tuple(arguments.require),
            immutable=arguments.immutable,
            only_if_newer=arguments.only_if_newer,
            annotations=tuple(named("annotation", text, "NAME=TEXT") for text in arguments.annotation),
            git_annotations=arguments.git_annotations,
            zstd=arguments.compress == "zstd",
            harmless=tuple(arguments.harmless_arg),
            attest=arguments.attest or "",
            trusted=trusted(arguments),
            key=arguments.key or "",
            sbom=arguments.sbom or "",
            github_status=arguments.github_status,
            github_deployment=arguments.github_deployment or "",
            dry_run=arguments.dry_run,
            json=arguments.format == "json",
            quiet=arguments.quiet,
            engine=arguments.engine,
            config_file=arguments.config_file or "",
            use_config=not arguments.no_config,
        )
    )


COMMAND = Command(
    name="publish",
    summary="Push exactly the image that a run has tested: blobs, manifest by digest, tags last.",
    example="  ctr-ci publish --to registry.example/app --tag 1.4.0 --credential env:ci:REGISTRY_PASSWORD",
    options=(
        Option(
            "--record",
            "the run's record (default: the newest run here); several make one multi-platform index",
            kind="list",
            metavar="FILE",
        ),
        Option(
            "--record-signed-by",
            "believe only records that this public key (PEM) has signed: `run --sign-record`",
            metavar="FILE",
        ),
        Option("--image", "which image of the record; with --unverified any of the engine's", metavar="REF"),
        Option("--unverified", "push --image although no run has tested it", kind="flag"),
        Option("--archive", "take the image's bytes from a `docker save` archive", metavar="FILE"),
        Option(
            "--from-registry",
            "copy an image from a registry by digest, if the evidence attached to it allows",
            metavar="REF",
        ),
        Option("--from-credential", "its credential, as --credential (default: the same)", metavar="SOURCE"),
        Option(
            "--to", "where to, repeatable (default: the images' own names)", kind="list", metavar="HOST/NAME"
        ),
        Option(
            "--tag",
            "tag to set, repeatable: literal, `{{version}}-{{sha}}`, `type=semver` and the like "
            "(default: the name's own, else latest)",
            kind="list",
        ),
        Option("--require", "gate or stage that must have passed, repeatable", kind="list", metavar="GATE"),
        Option("--immutable", "refuse to move a tag that exists", kind="flag"),
        Option(
            "--only-if-newer",
            "leave a tag where it is unless what it points at is older, by version label, else by build time",
            kind="flag",
        ),
        Option("--annotation", "text on the manifest, repeatable", kind="list", metavar="NAME=TEXT"),
        Option("--git-annotations", "revision, source, version and time on the manifest", kind="flag"),
        Option(
            "--compress",
            "how layers are packed; zstd is for pullers that know it",
            default="gzip",
            choices=("gzip", "zstd"),
        ),
        Option(
            "--attest",
            "attach what the run proves to the digest, as in-toto statements: unsigned, signed with "
            "--key, or by this job's identity through Sigstore, whose public log names it (default: none)",
            choices=("none", "evidence", "signed", "keyless"),
        ),
        Option(
            "--sbom",
            "attach what packages the image holds, as an in-toto statement (pip install 'ctr-ci[sbom]')",
            choices=("cyclonedx",),
        ),
        Option("--key", "private key (PEM) for --attest signed; public with --from-registry", metavar="FILE"),
        *TRUSTED,
        Option(
            "--harmless-arg",
            "build argument in the image's history that is no secret, whatever its name",
            kind="list",
            metavar="NAME",
        ),
        *REACH,
        Option(
            "--mount-from",
            "repository there to take blobs over from, repeatable",
            kind="list",
            metavar="REPOSITORY",
        ),
        Option(
            "--github-status",
            "after the push, a commit status with the digest (GITHUB_TOKEN with `statuses: write`)",
            kind="flag",
        ),
        Option(
            "--github-deployment",
            "after the push, a deployment of the digest (GITHUB_TOKEN with `deployments: write`)",
            metavar="ENVIRONMENT",
        ),
        Option("--dry-run", "prove the right to push, write nothing", kind="flag"),
        Option("--format", "form of the receipt", default="text", choices=("text", "json")),
        Option("--quiet", "only the receipt", kind="flag", short="-q"),
        Option("--engine", "the engine's URL (default: DOCKER_HOST, the docker context)", metavar="URL"),
        Option("--config-file", "the ctr-ci.yaml to use", metavar="FILE"),
        Option("--no-config", "use no ctr-ci.yaml", kind="flag"),
    ),
    run=run,
)
