"""A release whose tag, version and changelog disagree is stopped."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts" / "release_check.py"
_spec = importlib.util.spec_from_file_location("release_check", SCRIPT)
assert _spec is not None
assert _spec.loader is not None
release_check = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(release_check)


@pytest.mark.parametrize(
    ("tag", "version", "heading", "count"),
    [
        ("v1.2.3", "1.2.3", "## 1.2.3", 0),
        ("v1.2.3", "1.2.3", "## [1.2.3] - 2026-01-01", 0),
        ("v1.2.4", "1.2.3", "## 1.2.3", 2),
        ("v1.2.3", "1.2.3", "## 1.2.2", 1),
        ("1.2.3", "1.2.3", "## 1.2.3", 2),
        ("v1.2.3", "1.2.3", "no version yet", 1),
    ],
)
def test_what_disagrees_is_named(tag: str, version: str, heading: str, count: int) -> None:
    found = release_check.complaints(tag, f'__version__ = "{version}"\n', f"# Changelog\n\n{heading}\n")
    assert len(found) == count
