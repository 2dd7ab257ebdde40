"""Each assertion about Cloud Build's behaviour is a test that has its number: in its name, or as the
first entry of a row of its table. Those about a push have theirs in a table of their own."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

TESTS = Path(__file__).parents[1]
ASSERTIONS = frozenset(range(1, 107))
NUMBERED = re.compile(r"test_((?:\d+_)+)")
PUSH_ASSERTIONS = range(1, 84)
SOURCE = TESTS.parent / "src/ctr_ci"
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


def test_every_assertion_about_a_push_is_a_test() -> None:
    table = tomllib.loads((TESTS / "static/publishing.toml").read_text())
    assert [int(number) for number in table] == list(PUSH_ASSERTIONS)
    for number, named in table.items():
        assert named, number
        for each in named:
            path, _, name = each.partition("::")
            written = ast.walk(ast.parse((TESTS / f"{path}.py").read_text()))
            assert any(isinstance(node, ast.FunctionDef) and node.name == name for node in written), each


def test_no_engine_is_asked_to_push() -> None:
    """An engine pushes names, which may point elsewhere by then, and tells failures in a 200's stream."""
    for path in (SOURCE / "engine").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            assert not (isinstance(node, ast.Attribute) and node.attr == "push"), path
            text = node.value if isinstance(node, ast.Constant) else None
            assert not (isinstance(text, str) and "/push" in text), path
