"""Codacy's own JSON: one object a line, as its client uploads it."""

from __future__ import annotations

import json

from ctr_ci.report.place import Shown, plain, relative

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.lint import Outcome


def render(outcome: Outcome, shown: Shown) -> str:
    issues = [
        {
            "filename": relative(file.path, shown.folder),
            "line": finding.span.start.line,
            "message": f"{finding.message} ({finding.help})" if finding.help else finding.message,
            "patternId": finding.code or finding.rule.name,
        }
        for file in outcome.files
        for finding in file.findings
    ]
    return plain("".join(f"{json.dumps(issue)}\n" for issue in issues))
