"""The quick reader of command lines against argparse, on the commands' own declarations."""

from __future__ import annotations

import pytest

from ctr_ci.cli import load, parser
from ctr_ci.cli.quick import read


@pytest.mark.parametrize(
    "line",
    [
        "run",
        "run .",
        "run --no-source --config c.json",
        "run https://host/repo.git@main --substitutions _A=1 --substitutions=_B=2 --jobs 3 -q",
        "run --builder a=b src --format json",
        "plan app",
        "clean --kept",
        "lint a b --format json",
    ],
)
def test_a_line_that_is_right_is_read_as_argparse_reads_it(line: str) -> None:
    name, *arguments = line.split()
    quick, slow = read(load(name), arguments), parser(load(name)).parse_args(arguments)
    assert quick is not None
    assert vars(quick) == vars(slow)


@pytest.mark.parametrize(
    "line", ["run a b", "run --jobs many", "run --format xml", "run --nope", "run --help", "run --config"]
)
def test_any_other_line_is_left_to_argparse(line: str) -> None:
    name, *arguments = line.split()
    assert read(load(name), arguments) is None
