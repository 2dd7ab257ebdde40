"""One line a finding, `FILE:LINE:COL: severity: message [name]`, as GNU tools and editors read it."""

from __future__ import annotations

from ctr_ci.report.place import Shown, plain, relative
from ctr_ci.source import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.lint import Outcome


def render(outcome: Outcome, shown: Shown) -> str:
    lines = []
    for file in outcome.files:
        path = visible(relative(file.path, shown.folder))
        for finding in file.findings:
            at, name = finding.span.start, finding.code or finding.rule.name
            said = f"{finding.severity.value}: {visible(finding.message)} [{name}]"
            lines.append(f"{path}:{at.line}:{at.column}: {said}\n")
    return plain("".join(lines))
