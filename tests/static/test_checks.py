"""Every checker that this repository holds itself to, each as one test."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ctr_ci.reference import INPUTS

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PYTHON = ["src", "tests", "scripts", "benchmarks"]
FORMS = [f".github/ISSUE_TEMPLATE/{name}.yml" for name in ("bug", "finding", "idea")]
CHECKS = {
    "ruff": ["ruff", "check", *PYTHON],
    "format": ["ruff", "format", "--check", *PYTHON],
    "mypy": ["mypy"],
    "actionlint": ["actionlint"],
    "actionlint on the examples": ["actionlint", "examples/workflows/*.yml"],
    "zizmor": ["zizmor", "--offline", "--no-progress", ".", "examples/workflows"],
    "workflows": [
        "check-jsonschema",
        "--builtin-schema",
        "vendor.github-workflows",
        ".github/workflows/*.yml",
    ],
    "dependabot": ["check-jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml"],
    "issue forms": ["check-jsonschema", "--builtin-schema", "vendor.github-issue-forms", *FORMS],
    "cloudbuild": [
        "check-jsonschema",
        "--builtin-schema",
        "vendor.cloudbuild",
        "examples/**/cloudbuild*.yaml",
    ],
}


def expanded(argument: str) -> list[str]:
    """The files of a pattern; an argument that is none stays. A pattern must match something."""
    found = (
        sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(argument)) if "*" in argument else [argument]
    )
    assert found, argument
    return found


@pytest.mark.parametrize("name", CHECKS)
def test_is_clean(name: str) -> None:
    program, *patterns = CHECKS[name]
    arguments = [found for each in patterns for found in expanded(each)]
    done = subprocess.run([BIN / program, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_locked_requirements_name_no_index() -> None:
    for name in ("requirements.txt", "requirements-evidence.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert all("--hash" in entry for entry in text.split("\n\n") if entry.strip())


def test_what_the_product_needs_is_locked_in_all_files() -> None:
    def pins(name: str) -> set[str]:
        lines = (ROOT / name).read_text().splitlines()
        return {line.split(" ")[0] for line in lines if "==" in line and not line.startswith((" ", "#"))}

    assert pins("requirements.txt") <= pins("requirements-evidence.txt") <= pins("requirements-dev.txt")


def test_workflows_name_only_inputs_that_the_action_has() -> None:
    known = {item.name for item in INPUTS}
    for path in [*ROOT.glob("examples/workflows/*.yml"), *ROOT.glob(".github/workflows/*.yml")]:
        for block in re.findall(
            r"uses: (?:org/ctr-action@\S+|\./)[^\n]*\n +with:\n((?: {10}.*\n?)+)", path.read_text()
        ):
            assert set(re.findall(r"^ {10}([\w-]+):", block, re.MULTILINE)) <= known, path
