"""Markdown (GFM): a table for a job summary or a comment, within GitHub's size."""

from __future__ import annotations

from ctr_ci.report.place import Shown, plain, relative

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.lint import Outcome

LONGEST = 1_000_000  # bytes; a summary over 1,048,576 is dropped whole


def render(outcome: Outcome, shown: Shown) -> str:
    if not outcome.findings:
        return f"No findings in {len(outcome.files)} file(s).\n"
    lines = ["| place | severity | rule | finding |", "|---|---|---|---|"]
    size = 0
    rows = [(file, finding) for file in outcome.files for finding in file.findings]
    rows.sort(key=lambda row: row[1].severity.rank)
    for number, (file, finding) in enumerate(rows):
        text = f"{finding.message}. {finding.help}" if finding.help else finding.message
        at = f"{relative(file.path, shown.folder)}:{finding.span.start.line}"
        name = finding.code or finding.rule.name
        row = f"| {cell(at)} | {finding.severity.value} | {cell(name)} | {cell(text)} |"
        size += len(row.encode("utf-8", "replace")) + 1
        if size > LONGEST:
            lines.append(f"| | | | and {len(rows) - number} more |")
            break
        lines.append(row)
    return plain("\n".join(lines)) + "\n"


def cell(text: str) -> str:
    """Text in a table's cell: no markup, no line end."""
    flat = " ".join(text.split())
    for sign in "\\`*_<>|[]":
        flat = flat.replace(sign, f"&#{ord(sign)};" if sign in "<>|`" else f"\\{sign}")
    return flat
