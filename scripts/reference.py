"""Writes the files that are made from declarations; `--check` says which are out of date (exit 1)."""

from __future__ import annotations

import sys
from pathlib import Path

from ctr_ci.cli import COMMANDS, load
from ctr_ci.lint import all_rules
from ctr_ci.reference import action_yml, hooks_yaml, rule_pages, settings_page, settings_schema
from ctr_ci.reference.cloudbuild_page import render as cloudbuild_page
from ctr_ci.reference.cloudbuild_schema import render as cloudbuild_schema
from ctr_ci.reference.gates_page import render as gates_page
from ctr_ci.reference.record_schema import render as record_schema

ROOT = Path(__file__).parents[1]


def describe(command: str, option: str) -> str:
    """A command's option: its help and the values it takes. Raises LookupError where there is none."""
    if command not in COMMANDS:
        raise LookupError(f"no command {command}")
    for one in load(command).options:
        if one.name == option:
            return f"{one.help}. One of: {', '.join(one.choices)}" if one.choices else one.help
    raise LookupError(f"{command} has no option {option}")


def files() -> dict[str, str]:
    """The text of each file by its path from the repository's root."""
    return {
        "action.yml": action_yml(describe),
        ".pre-commit-hooks.yaml": hooks_yaml(),
        "docs/ctr-ci.schema.json": settings_schema(all_rules()),
        "docs/cloudbuild-fields.md": cloudbuild_page(),
        "docs/cloudbuild.schema.json": cloudbuild_schema(),
        "docs/gates.md": gates_page(),
        "docs/record.schema.json": record_schema(),
        "docs/settings.md": settings_page(),
        **rule_pages(all_rules()),
    }


def main() -> int:
    stale = []
    for path, text in files().items():
        target = ROOT / path
        if not target.is_file() or target.read_text(encoding="utf-8") != text:
            stale.append(path)
            if "--check" not in sys.argv:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
    if stale:
        print("out of date:" if "--check" in sys.argv else "written:", *stale)
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
