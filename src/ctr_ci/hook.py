"""The door for pre-commit: names of changed files in, problems and an exit code out.

Only what has no command of its own: pre-commit calls `ctr-ci lint` as it is. The names come in
any order and in several processes, so each file is judged by itself and told in order.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

from ctr_ci.cloudbuild import load
from ctr_ci.problem import Exit, InputError, Problem
from ctr_ci.source import Source

USAGE = "usage: ctr-ci-hook cloudbuild FILE..."


def main() -> int:
    """The console script `ctr-ci-hook`."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0] != "cloudbuild":
        print(USAGE, file=sys.stderr)
        return int(Exit.INPUT)
    return int(check_cloudbuilds([name for name in arguments[1:] if name != "--"], sys.stdout))


def check_cloudbuilds(names: list[str], out: TextIO) -> Exit:
    """Validates Cloud Build configs; tells every problem of every file."""
    verdict = Exit.DONE
    for name in sorted(names):
        try:
            problems: tuple[Problem, ...] = load(Source.decode(name, Path(name).read_bytes())).warnings
        except InputError as error:
            problems, verdict = error.problems, Exit.INPUT
        except OSError as error:
            problems, verdict = (Problem(f"cannot be read: {error.strerror}", path=name),), Exit.INPUT
        for problem in problems:
            out.write(problem.render() + "\n")
    return verdict
