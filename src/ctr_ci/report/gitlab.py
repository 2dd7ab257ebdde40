"""GitLab's code quality report: a JSON list, fingerprints that stay when lines move."""

from __future__ import annotations

import json

from ctr_ci.report.fingerprint import stable
from ctr_ci.report.place import Shown, plain, relative

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.lint import Outcome

_LEVELS = {"error": "critical", "warning": "major", "info": "minor", "style": "info"}


def render(outcome: Outcome, shown: Shown) -> str:
    issues = []
    seen: dict[str, int] = {}
    for file in outcome.files:
        path = relative(file.path, shown.folder)
        for finding in file.findings:
            text = " ".join(file.source.slice(finding.span).split())
            base = stable(finding.rule.id, finding.code, path, finding.stage, text)
            seen[base] = seen.get(base, 0) + 1
            issues.append(
                {
                    "description": f"{finding.message} ({finding.help})" if finding.help else finding.message,
                    "check_name": finding.code or finding.rule.name,
                    "fingerprint": base if seen[base] == 1 else stable(base, str(seen[base])),
                    "severity": _LEVELS[finding.severity.value],
                    "location": {
                        "path": path,
                        "lines": {
                            "begin": finding.span.start.line,
                            "end": max(finding.span.start.line, finding.span.end.line),
                        },
                    },
                }
            )
    return plain(json.dumps(issues, indent=1)) + "\n"
