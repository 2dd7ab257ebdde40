"""`ctr-ci run`: a cloudbuild.yaml in containers."""

from __future__ import annotations

from ctr_ci.cli.build_options import BUILD_OPTIONS, choice
from ctr_ci.cli.option import Command, Option
from ctr_ci.cli.registry_options import REACH, reach
from ctr_ci.problem import Exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from ctr_ci.verbs import publish


def run(arguments: argparse.Namespace) -> Exit:
    import os
    import sys
    import time
    from pathlib import Path

    from ctr_ci.verbs.run import run
    from ctr_ci.verbs.run_request import Request, World
    from ctr_ci.verbs.selection import Selection

    request = Request(
        source="" if arguments.no_source else arguments.source,
        choice=choice(arguments),
        selection=Selection(
            tuple(arguments.only),
            tuple(arguments.skip),
            getattr(arguments, "from"),
            arguments.until,
        ),
        ignore_file=arguments.ignore_file,
        record=Path(arguments.record) if arguments.record else None,
        sign_record=Path(arguments.sign_record) if arguments.sign_record else None,
        secrets=tuple(arguments.secret),
        builders=tuple(arguments.builder),
        format=arguments.format,
        colour=arguments.color,
        quiet=arguments.quiet,
        junit=Path(arguments.junit) if arguments.junit else None,
        gate_policy=arguments.gate_policy or "default",
        pull=arguments.pull,
        engine=arguments.engine,
        network=arguments.network or "",
        jobs=arguments.jobs,
        trust_steps=arguments.trust_steps,
        dry_run=arguments.dry_run,
        keep=arguments.keep,
        shell=arguments.shell,
        carry_files=arguments.carry_files,
        push=_push(arguments) if arguments.push else None,
    )
    return run(request, World(sys.stdout.buffer, sys.stderr.buffer, dict(os.environ), time.time, Path.cwd()))


def _push(arguments: argparse.Namespace) -> publish.Request:
    from pathlib import Path

    from ctr_ci.verbs.publish import Request

    return Request(
        folder=Path.cwd(),
        reach=reach(arguments),
        to=tuple(arguments.to),
        json=arguments.format == "json",
        quiet=arguments.quiet,
        engine=arguments.engine,
        config_file=arguments.config_file or "",
        use_config=not arguments.no_config,
    )


COMMAND = Command(
    name="run",
    summary="run a cloudbuild.yaml in containers, as Cloud Build would",
    example="  ctr-ci run . --substitutions _TAG=v1     ./cloudbuild.yaml; nothing is pushed\n"
    "  ctr-ci run . --tag app                   only the Dockerfile",
    options=(
        Option("source", "a folder, an archive, or a git URL@REVISION (default: here)", "path", "."),
        *BUILD_OPTIONS,
        Option("--no-source", "start with an empty /workspace", kind="flag"),
        Option("--ignore-file", "instead of .gcloudignore", metavar="FILE"),
        Option("--dry-run", "say what would run, start nothing", kind="flag"),
        Option("--only", "run only this step (id or index; repeatable)", kind="list", metavar="STEP"),
        Option("--skip", "do not run this step (repeatable)", kind="list", metavar="STEP"),
        Option("--from", "run this step and those after it", metavar="STEP"),
        Option("--until", "run no step after this one", metavar="STEP"),
        Option(
            "--builder",
            "run IMAGE where a step names the builder NAME (repeatable)",
            kind="list",
            metavar="NAME=IMAGE",
        ),
        Option(
            "--secret",
            "a secret variable: NAME=env:VARIABLE, file:PATH, cmd:COMMAND or gcp:SECRET_VERSION (repeatable)",
            kind="list",
            metavar="NAME=SOURCE",
        ),
        Option(
            "--pull",
            "when images are pulled",
            default="missing",
            choices=("missing", "always", "never"),
        ),
        Option("--jobs", "steps that may run at once (default: all that are ready)", kind="int", metavar="N"),
        Option("--network", "a network of the engine for the steps (default: one of their own)"),
        Option("--engine", "the engine (default: DOCKER_HOST, the docker context)", metavar="URL"),
        Option(
            "--carry-files",
            "the engine does not see this machine's folders (always so for tcp and ssh): carry files "
            "through its API; steps get no Docker then, but with --trust-steps",
            kind="flag",
        ),
        Option("--trust-steps", "give steps the engine's own socket instead of the broker's", kind="flag"),
        Option("--push", "publish the tested images when the build has passed", kind="flag"),
        Option(
            "--to",
            "with --push: where to, repeatable (default: the images' own names)",
            kind="list",
            metavar="HOST/NAME",
        ),
        *REACH,
        Option(
            "--gate-policy",
            "required: an image that no step tested fails the build, too; warn: no gate fails it "
            "(default: declared gates do)",
            choices=("required", "warn", "off"),
        ),
        Option("--record", "where the record goes (default: .ctr-ci/runs/BUILD/record.json)", metavar="FILE"),
        Option(
            "--sign-record",
            "sign the record with this private key (PEM); CTR_CI_KEY_PASSWORD opens an encrypted one",
            metavar="FILE",
        ),
        Option("--keep", "leave containers and workspace of a failed build to look at", kind="flag"),
        Option(
            "--format", "a log for people, or one JSON event a line", default="text", choices=("text", "json")
        ),
        Option("--shell", "run what STEP waits for, then give a shell in its place", metavar="STEP"),
        Option("--junit", "also write the steps as JUnit XML", metavar="FILE"),
        Option("--color", "colours", default="auto", choices=("auto", "always", "never")),
        Option("--quiet", "steps' output and errors only", kind="flag", short="-q"),
    ),
    run=run,
)
