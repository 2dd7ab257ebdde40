"""Findings as GitHub workflow commands: annotations on the lines, and a plain line for each in the log.

GitHub keeps ten annotations of each level a step, so the worst come first and one notice says how many
are left out.
"""

from __future__ import annotations

from ctr_ci.report.place import Shown, plain, relative

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.lint import Finding, Outcome

KEPT = 10  # annotations of each level that the runner keeps a step
LONGEST = 4096  # characters of a message
_LEVELS = {"error": "error", "warning": "warning", "info": "notice", "style": "notice"}


def render(outcome: Outcome, shown: Shown) -> str:
    found = [
        (relative(file.path, shown.folder), finding) for file in outcome.files for finding in file.findings
    ]
    found.sort(key=lambda pair: pair[1].severity.rank)
    used: dict[str, int] = {}
    lines = []
    left = []
    for path, finding in found:
        level = _LEVELS[finding.severity.value]
        used[level] = used.get(level, 0) + 1
        budget = KEPT - 1 if level == "notice" else KEPT  # one notice is kept for the count
        (
            lines.append(_command(level, path, finding))
            if used[level] <= budget
            else left.append((path, finding))
        )
    if left:
        lines.append(f"::notice title=ctr-ci::{len(left)} more findings are in the log of this step")
        lines += [
            _data(
                f"{path}:{f.span.start.line}:{f.span.start.column}: {f.severity.value}: {f.message} "
                f"({f.rule.name})"
            )
            for path, f in left
        ]
    return plain("".join(f"{line}\n" for line in lines))


def _command(level: str, path: str, finding: Finding) -> str:
    start, end = finding.span.start, finding.span.end
    places = {"file": path, "line": str(start.line)}
    if end.line == start.line:
        places |= {
            "endLine": str(end.line),
            "col": str(start.column),
            "endColumn": str(max(end.column, start.column)),
        }
    else:
        places["endLine"] = str(end.line)
    places["title"] = f"{finding.rule.name} ({finding.code or finding.rule.id})"
    said = ",".join(f"{key}={_property(text)}" for key, text in places.items())
    message = f"{finding.message}\n{finding.help}" if finding.help else finding.message
    return f"::{level} {said}::{_data(message[:LONGEST])}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
