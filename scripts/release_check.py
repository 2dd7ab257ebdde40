"""Says whether a tag, the package's version and the changelog agree; exit code 1 when they do not."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def complaints(tag: str, package: str, changelog: str) -> list[str]:
    """What disagrees, each as one sentence."""
    version = re.search(r'^__version__ = "(.+)"$', package, re.MULTILINE)
    headings = re.findall(r"^## \[?([0-9][^\]\s]*)", changelog, re.MULTILINE)
    found = []
    if version is None or tag != f"v{version[1]}":
        found.append(f"the tag is {tag}, the package says {version and version[1]}")
    if not headings or f"v{headings[0]}" != tag:
        found.append(f"the tag is {tag}, the newest version in CHANGELOG.md is {headings[:1]}")
    return found


def main() -> int:
    package = (ROOT / "src/ctr_ci/__init__.py").read_text()
    found = complaints(sys.argv[1], package, (ROOT / "CHANGELOG.md").read_text())
    print("\n".join(found) or "tag, version and changelog agree")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
