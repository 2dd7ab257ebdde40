"""The door `ctr-ci`: arguments in, exit code out.

Imports only the command that was asked for, so that `lint` starts as fast as Python allows. Every
error is told here, once, and no traceback leaves (`CTR_CI_DEBUG=1` shows it).
"""

from __future__ import annotations

import gc
import os
import sys
from types import FrameType

from ctr_ci.problem import CtrCiError, Exit, Interrupted, Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from ctr_ci.cli.option import Command, Option

# name -> summary: known without importing the command, so that `--help` and a typo cost nothing.
COMMANDS = {
    "lint": "lint Dockerfiles",
    "inspect": "say what ships in an image, in bytes",
    "split": "rewrite a single-stage Dockerfile into stages, and prove it",
    "run": "run a cloudbuild.yaml in containers, as Cloud Build would",
    "publish": "push exactly the image that a run has tested",
    "verify": "check a pushed image against its test evidence",
    "report": "write one HTML page of a run",
    "plan": "say what would run: steps, order, resolved substitutions",
    "rules": "list or explain the lint rules",
    "init": "write a workflow, a pre-commit entry and a cloudbuild.yaml",
    "lsp": "serve an editor: diagnostics, quick fixes, rule pages",
    "completion": "print the completion script of a shell",
    "clean": "remove what an interrupted run left in the engine",
}

USAGE = """\
usage: ctr-ci COMMAND [OPTIONS] [ARGUMENTS]

  ctr-ci lint Dockerfile                      what ships that should not?
  ctr-ci run .                                run ./cloudbuild.yaml in containers
  ctr-ci publish --to HOST/TEAM/APP --tag v1  push what that run has tested

commands:
"""


def main(argv: list[str] | None = None) -> int:
    """Runs one command. Returns the exit code; raises nothing."""
    arguments = sys.argv[1:] if argv is None else argv
    try:
        code = int(_run(arguments))
        if argv is None and arguments[:1] == ["lint"]:
            _leave(code)
        return code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(Exit.TERMINATED)
    except SystemExit as stop:  # argparse: --help
        return stop.code if isinstance(stop.code, int) else int(Exit.INPUT)
    except KeyboardInterrupt:
        return int(Exit.INTERRUPTED)
    except CtrCiError as error:
        if os.environ.get("CTR_CI_DEBUG") == "1":
            raise
        _tell(error, as_json=_asks_json(arguments))
        return int(error.exit)
    except Exception as error:
        if os.environ.get("CTR_CI_DEBUG") == "1":
            raise
        return _bug(error, arguments)


def _run(arguments: list[str]) -> Exit:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        listing = "".join(f"  {name:11} {summary}\n" for name, summary in COMMANDS.items())
        print(USAGE + listing + "\n`ctr-ci COMMAND --help` says more of each.")
        return Exit.DONE if arguments else Exit.INPUT
    name, rest = arguments[0], arguments[1:]
    if name in ("--version", "-V"):
        return _version(verbose="-v" in rest)
    if name not in COMMANDS:
        from difflib import get_close_matches

        near = get_close_matches(name, COMMANDS, n=1)
        raise CtrCiUsage(
            Problem(
                f"unknown command {name!r}",
                expected=f"one of {', '.join(COMMANDS)}",
                help=f"did you mean `ctr-ci {near[0]}`?" if near else "`ctr-ci --help` lists them",
            )
        )
    if name == "lint":
        gc.disable()  # collecting while modules load costs more than one file's lint leaves behind
    command = load(name)
    _catch_signals()
    from ctr_ci.cli.quick import read

    return command.run(read(command, rest) or parser(command).parse_args(rest))


class CtrCiUsage(CtrCiError):
    exit = Exit.INPUT


def load(name: str) -> Command:
    """The declaration of a command."""
    from importlib import import_module

    command: Command = import_module(f"ctr_ci.cli.{name}").COMMAND
    return command


def tree() -> argparse.ArgumentParser:
    """All commands under one parser: what a completion script is made from."""
    import argparse

    root = argparse.ArgumentParser(prog="ctr-ci")
    commands = root.add_subparsers(dest="command")
    for name, summary in COMMANDS.items():
        made = commands.add_parser(name, help=summary)
        for option in load(name).options:
            _add(made, option)
    return root


def parser(command: Command) -> argparse.ArgumentParser:
    """The argparse parser of a command, made from its declaration."""
    import argparse

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> None:  # type: ignore[override]
            raise CtrCiUsage(Problem(message, help=f"`ctr-ci {command.name} --help` shows the options"))

    made = Parser(
        prog=f"ctr-ci {command.name}",
        description=f"{command.summary}\n\nexample:\n{command.example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for option in command.options:
        _add(made, option)
    return made


def _add(made: argparse.ArgumentParser, option: Option) -> None:
    if not option.name.startswith("-"):
        nargs = "*" if option.kind == "paths" else "?" if option.default is not None else None
        made.add_argument(
            option.name,
            nargs=nargs,
            default=option.default,
            choices=option.choices or None,
            help=option.help,
            metavar=option.metavar or None,
        )
        return
    names = [option.name, *([option.short] if option.short else [])]
    if option.kind == "flag":
        made.add_argument(*names, action="store_true", help=option.help)
        return
    made.add_argument(
        *names,
        action="append" if option.kind == "list" else "store",
        type=int if option.kind == "int" else str,
        default=[] if option.kind == "list" else option.default,
        choices=option.choices or None,
        metavar=option.metavar or None,
        help=option.help,
    )


def _leave(code: int) -> None:
    """Ends the process now: taking the interpreter apart would take as long as linting a file did.

    Only for a command that has closed what it opened: no thread, child or temporary file is left.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _catch_signals() -> None:
    """SIGINT and SIGTERM become `Interrupted`, so that every `finally` on the way out runs.

    A second signal while we clean up ends the process at once.
    """
    import signal

    def stop(number: int, _: FrameType | None) -> None:
        for known in (signal.SIGINT, signal.SIGTERM):
            signal.signal(known, signal.SIG_DFL)
        raise Interrupted(number)

    for known in (signal.SIGINT, signal.SIGTERM):
        signal.signal(known, stop)


def _asks_json(arguments: list[str]) -> bool:
    return "--format=json" in arguments or "--format json" in " ".join(arguments)


def _tell(error: CtrCiError, as_json: bool) -> None:
    if as_json:
        import json

        print(json.dumps({"errors": [problem.as_json() for problem in error.problems]}), file=sys.stderr)
        return
    for problem in error.problems:
        print(problem.render(), file=sys.stderr)


def _version(verbose: bool) -> Exit:
    from ctr_ci import __version__

    print(f"ctr-ci {__version__}")
    if verbose:
        print(f"Python {sys.version.split()[0]} ({sys.executable})")
        print(f"platform {sys.platform}")
        from ctr_ci.verbs.version import engine_line

        print(engine_line())
    return Exit.DONE


def _bug(error: Exception, arguments: list[str]) -> int:
    """One line to the user and a saved report; the report holds no argument values but the command."""
    import tempfile
    import traceback

    from ctr_ci import __version__

    handle, path = tempfile.mkstemp(prefix="ctr-ci-bug-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as report:
        report.write(f"ctr-ci {__version__}, Python {sys.version}\ncommand: {arguments[:1]}\n\n")
        report.write("".join(traceback.format_exception(error)))
    problem = Problem(
        f"a bug in ctr-ci: {type(error).__name__}",
        help=f"please report it with the file {path}; CTR_CI_DEBUG=1 shows the traceback",
    )
    print(problem.render(), file=sys.stderr)
    return int(Exit.BUG)
