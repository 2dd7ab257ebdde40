"""JUnit XML: a suite a file, a failed case a finding; a clean file is one passed case."""

from __future__ import annotations

from ctr_ci.report.place import Shown, relative
from ctr_ci.report.xml_text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.lint import Linted, Outcome


def render(outcome: Outcome, shown: Shown) -> str:
    cases = sum(max(1, len(file.findings)) for file in outcome.files)
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<testsuites name="ctr-ci lint" tests="{cases}" failures="{outcome.findings}"'
        f' errors="0" time="{outcome.seconds:.3f}">',
    ]
    for file in outcome.files:
        lines += _suite(file, relative(file.path, shown.folder))
    return "\n".join([*lines, "</testsuites>", ""])


def _suite(file: Linted, path: str) -> list[str]:
    name = escape(path)
    count = max(1, len(file.findings))
    lines = [
        f'  <testsuite name="{name}" tests="{count}" failures="{len(file.findings)}" errors="0" skipped="0">'
    ]
    if not file.findings:
        lines.append(f'    <testcase name="{name}" classname="{name}" time="0"/>')
    for finding in file.findings:
        at = finding.span.start
        title = escape(f"{finding.code or finding.rule.name} at {at.line}:{at.column}")
        lines += [
            f'    <testcase name="{title}" classname="{name}" time="0">',
            f'      <failure message="{escape(finding.message)}" type="{finding.severity.value}">'
            f"{escape(f'{path}:{at.line}:{at.column}: {finding.message}')}"
            f"{escape(f'. {finding.help}') if finding.help else ''}</failure>",
            "    </testcase>",
        ]
    return [*lines, "  </testsuite>"]
