"""`ctr-ci lint`: the options of the linter, and the request they make."""

from __future__ import annotations

import os
import sys

from ctr_ci.cli.option import Command, Option, named
from ctr_ci.problem import Exit
from ctr_ci.verbs.lint import Request, lint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

LEVELS = ("error", "warning", "info", "style", "never")


def run(arguments: Any) -> Exit:
    request = Request(
        paths=tuple(arguments.paths),
        formats=tuple(arguments.format),
        select=_words(arguments.select),
        extend_select=_words(arguments.extend_select),
        ignore=_words(arguments.ignore),
        extend_ignore=_words(arguments.extend_ignore),
        fail_on=arguments.fail_on or "",
        fix=arguments.fix,
        unsafe_fixes=arguments.unsafe_fixes,
        diff=arguments.diff,
        target=arguments.target or "",
        build_args=_build_args(arguments.build_arg, os.environ),
        build_contexts=tuple(named("--build-context", given)[0] for given in arguments.build_context),
        image=arguments.image or "",
        diff_base=arguments.diff_base or "",
        baseline=arguments.baseline or "",
        write_baseline=arguments.write_baseline or "",
        stdin_filename=arguments.stdin_filename or "",
        jobs=arguments.jobs or 0,
        cache=not arguments.no_cache,
        statistics=arguments.statistics,
        config_file=arguments.config_file or "",
        use_config=not arguments.no_config,
        color=arguments.color,
        quiet=arguments.quiet,
        verbose=arguments.verbose,
    )
    return lint(request, os.environ, sys.stdin, sys.stdout, sys.stderr)


def _build_args(given: list[str], environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Pairs of name and value; a name alone takes its value from the environment, as the builder does."""
    pairs = [named("--build-arg", one) if "=" in one else (one, environment.get(one)) for one in given]
    return tuple((name, said) for name, said in pairs if name and said is not None)


def _words(given: list[str]) -> tuple[str, ...]:
    return tuple(word.strip() for text in given for word in text.split(",") if word.strip())


COMMAND = Command(
    name="lint",
    summary="lint Dockerfiles: what ships that should not, what breaks, what grows",
    example=(
        "  ctr-ci lint Dockerfile\n"
        "  ctr-ci lint . --format text --format sarif:lint.sarif --fail-on error\n"
        "  ctr-ci lint --diff Dockerfile | git apply"
    ),
    options=(
        Option(
            "paths",
            "files, folders (searched, honouring .gitignore), or -; default: .",
            "paths",
            metavar="PATH",
        ),
        Option(
            "--format",
            "text, json, sarif, github, gitlab, checkstyle, junit, markdown, compact, sonarqube or codacy; "
            "repeatable, FORMAT:FILE writes to a file",
            "list",
            metavar="FORMAT[:FILE]",
            short="-f",
        ),
        Option(
            "--select",
            "run these rules only: ids, names, aliases (DL3008), categories",
            "list",
            metavar="RULE",
        ),
        Option("--extend-select", "run these rules as well", "list", metavar="RULE"),
        Option("--ignore", "do not report these rules", "list", metavar="RULE"),
        Option("--extend-ignore", "the same as --ignore", "list", metavar="RULE"),
        Option("--fail-on", "the lowest severity that fails, inclusive (default: warning)", choices=LEVELS),
        Option("--fix", "apply the safe fixes", "flag"),
        Option("--unsafe-fixes", "apply or show the unsafe fixes as well", "flag"),
        Option("--diff", "show what the fixes would change as a patch, and write nothing", "flag"),
        Option("--image", "prove what ships on this image, in bytes", metavar="REF"),
        Option("--target", "the stage that is built", metavar="STAGE"),
        Option(
            "--build-arg",
            "a build argument, as the build gives it; NAME alone takes it from the environment",
            "list",
            metavar="NAME[=VALUE]",
        ),
        Option(
            "--build-context",
            "a named context of the build, which FROM and COPY --from may name",
            "list",
            metavar="NAME=VALUE",
        ),
        Option("--diff-base", "report only what the change since this git revision touches", metavar="REV"),
        Option("--baseline", "do not report the findings that this file knows", metavar="FILE"),
        Option("--write-baseline", "write today's findings to this file", metavar="FILE"),
        Option("--stdin-filename", "the name that the text of - is reported under", metavar="NAME"),
        Option(
            "--jobs",
            "how many processes (default: one a core for many files)",
            "int",
            metavar="N",
            short="-j",
        ),
        Option("--no-cache", "neither read nor write the cache", "flag"),
        Option("--statistics", "count the findings of each rule instead of showing them", "flag"),
        Option("--config-file", "read this configuration instead of looking for one", metavar="FILE"),
        Option("--no-config", "read no configuration", "flag"),
        Option("--color", "auto, always or never", default="auto", choices=("auto", "always", "never")),
        Option("--quiet", "print findings only, no summary", "flag", short="-q"),
        Option("--verbose", "say which configuration and files were read", "flag", short="-v"),
    ),
    run=run,
)
