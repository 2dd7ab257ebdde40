"""`ctr-ci completion`: the completion script of a shell, made from the commands' declarations."""

from __future__ import annotations

from ctr_ci.cli.option import Command, Option
from ctr_ci.problem import Exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> Exit:
    import shtab

    from ctr_ci.cli import tree

    print(shtab.complete(tree(), shell=arguments.shell))
    return Exit.DONE


COMMAND = Command(
    name="completion",
    summary="print the completion script of a shell",
    example="  ctr-ci completion bash > ~/.local/share/bash-completion/completions/ctr-ci",
    options=(Option("shell", "the shell to complete in", kind="path", choices=("bash", "zsh", "fish")),),
    run=run,
)
