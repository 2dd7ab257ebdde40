"""SonarQube's generic issues: columns from 0; a place is refused that has no character."""

from __future__ import annotations

import json

from ctr_ci.report.place import Shown, plain, relative

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.lint import Finding, Linted, Outcome

_LEVELS = {"error": "CRITICAL", "warning": "MAJOR", "info": "MINOR", "style": "INFO"}
_TYPES = {"security": "VULNERABILITY", "correctness": "BUG"}


def render(outcome: Outcome, shown: Shown) -> str:
    issues = [
        _issue(file, finding, relative(file.path, shown.folder))
        for file in outcome.files
        for finding in file.findings
    ]
    return plain(json.dumps({"issues": issues}, indent=1)) + "\n"


def _issue(file: Linted, finding: Finding, path: str) -> dict[str, object]:
    return {
        "engineId": "ctr-ci",
        "ruleId": finding.code or finding.rule.name,
        "severity": _LEVELS[finding.severity.value],
        "type": _TYPES.get(finding.rule.category.value, "CODE_SMELL"),
        "primaryLocation": {
            "message": f"{finding.message}. {finding.help}" if finding.help else finding.message,
            "filePath": path,
            "textRange": _range(file, finding),
        },
    }


def _range(file: Linted, finding: Finding) -> dict[str, int]:
    """The place, or its whole line where it has no character of that line."""
    start, end = finding.span.start, finding.span.end
    line = file.source.lines[start.line - 1] if start.line <= len(file.source.lines) else ""
    if end.line != start.line:
        last = file.source.lines[end.line - 1] if end.line <= len(file.source.lines) else ""
        whole = start.column <= len(line) and 1 < end.column <= len(last) + 1
    else:
        whole = start.column < end.column <= len(line) + 1
    if not whole:
        return {"startLine": max(1, min(start.line, len(file.source.lines)))}
    return {
        "startLine": start.line,
        "endLine": end.line,
        "startColumn": start.column - 1,
        "endColumn": end.column - 1,
    }
