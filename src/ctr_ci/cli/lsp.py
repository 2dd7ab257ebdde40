"""`ctr-ci lsp`: the linter inside an editor."""

from __future__ import annotations

from ctr_ci.cli.option import Command, Option
from ctr_ci.problem import Exit, Problem, WorldError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> Exit:
    import os

    try:
        from ctr_ci.verbs.lsp import serve
    except ModuleNotFoundError as error:
        raise WorldError(
            Problem(
                f"the editor's server needs the package {error.name}, which is not installed",
                help="pip install 'ctr-ci[lsp]'",
            )
        ) from error
    serve(os.environ, arguments.config_file or "", not arguments.no_config)
    return Exit.DONE


COMMAND = Command(
    name="lsp",
    summary="serve an editor: diagnostics, quick fixes and rule pages, over standard input and output",
    example="  ctr-ci lsp                  started by the editor, for Dockerfiles and cloudbuild.yaml",
    options=(
        Option("--config-file", "read this configuration", metavar="FILE"),
        Option("--no-config", "read no configuration", kind="flag"),
    ),
    run=run,
)
