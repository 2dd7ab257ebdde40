"""Checkstyle XML 4.3, as Jenkins and many others read it."""

from __future__ import annotations

from ctr_ci.report.place import Shown, relative
from ctr_ci.report.xml_text import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.lint import Outcome

_LEVELS = {"error": "error", "warning": "warning", "info": "info", "style": "info"}


def render(outcome: Outcome, shown: Shown) -> str:
    lines = ['<?xml version="1.0" encoding="utf-8"?>', '<checkstyle version="4.3">']
    for file in outcome.files:
        lines.append(f'  <file name="{escape(relative(file.path, shown.folder))}">')
        lines += [
            f'    <error line="{finding.span.start.line}" column="{finding.span.start.column}"'
            f' severity="{_LEVELS[finding.severity.value]}" message="{escape(finding.message)}"'
            f' source="ctr-ci.{escape(finding.code or finding.rule.name)}"/>'
            for finding in file.findings
        ]
        lines.append("  </file>")
    return "\n".join([*lines, "</checkstyle>", ""])
