"""The contract's JSON: the keys are only ever added to."""

from __future__ import annotations

import json

from ctr_ci.report.place import Shown, plain, relative

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.lint import Finding, Fix, Outcome
    from ctr_ci.source import Position

VERSION = 1


def render(outcome: Outcome, shown: Shown) -> str:
    found = {
        "version": VERSION,
        "findings": [
            _finding(f, relative(file.path, shown.folder)) for file in outcome.files for f in file.findings
        ],
        "errors": [problem.as_json() for problem in outcome.errors],
        "summary": {
            "files": len(outcome.files),
            "findings": outcome.findings,
            "fixable": outcome.fixable,
            "fixed": sum(file.repaired for file in outcome.files),
            "seconds": round(outcome.seconds, 6),
        },
    }
    return plain(json.dumps(found, indent=2, ensure_ascii=False)) + "\n"


def _finding(finding: Finding, path: str) -> dict[str, object]:
    start, end = finding.span.start, finding.span.end
    return {
        "rule": finding.rule.id,
        "name": finding.rule.name,
        "aliases": list(finding.aliases),
        "category": finding.rule.category.value,
        "severity": finding.severity.value,
        "path": path,
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
        "message": finding.message,
        "help": finding.help,
        "url": finding.rule.url,
        "stage": finding.stage or None,
        "bytes": finding.bytes,
        "fix": _fix(finding.fix) if finding.fix else None,
        "related": [
            {"line": one.span.start.line, "column": one.span.start.column, "message": one.message}
            for one in finding.related
        ],
    }


def _fix(fix: Fix) -> dict[str, object]:
    return {
        "safe": fix.safety.value == "safe",
        "title": fix.title,
        "edits": [
            {"start": _position(edit.span.start), "end": _position(edit.span.end), "text": edit.text}
            for edit in fix.edits
        ],
    }


def _position(position: Position) -> dict[str, int]:
    return {"line": position.line, "column": position.column}
