"""Each assertion about Cloud Build's behaviour is a test that has its number: in its name, or as the
first entry of a row of its table."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
ASSERTIONS = frozenset(range(1, 107))
NUMBERED = re.compile(r"test_((?:\d+_)+)")
ROOMS = ("unit/cloudbuild", "unit/workspace", "engine", "golden")


def numbers(path: Path) -> set[int]:
    found: set[int] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.FunctionDef):
            continue
        if match := NUMBERED.match(node.name):
            found |= {int(number) for number in match[1].split("_") if number}
        elif node.args.args and node.args.args[0].arg == "row":
            found |= {
                row.elts[0].value
                for mark in node.decorator_list
                for row in ast.walk(mark)
                if isinstance(row, ast.Tuple)
                and isinstance(row.elts[0], ast.Constant)
                and isinstance(row.elts[0].value, int)
            }
    return found


def test_every_assertion_about_cloud_build_is_a_test() -> None:
    found = set().union(*(numbers(path) for room in ROOMS for path in (TESTS / room).glob("test_*.py")))
    assert sorted(ASSERTIONS - found) == []
