"""One line a finding, `FILE:LINE:COL: severity: message [name]`, as GNU tools and editors read it."""

from __future__ import annotations

from ctr_ci.report.place import Shown, plain, relative

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.lint import Outcome


def render(outcome: Outcome, shown: Shown) -> str:
    return plain(
        "".join(
            f"{relative(file.path, shown.folder)}:{finding.span.start.line}:{finding.span.start.column}: "
            f"{finding.severity.value}: {finding.message} [{finding.code or finding.rule.name}]\n"
            for file in outcome.files
            for finding in file.findings
        )
    )
