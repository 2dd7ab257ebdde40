"""The job summary and the pull request's comment: Markdown of findings, record and receipt. Pure.

Every text that is not ours goes through `cell` or `code`: a Dockerfile, a step's name or a branch
may hold markup, and none of it may act.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ctr_ci.action.results import Finding, Lint, Receipt
from ctr_ci.github import cell, code
from ctr_ci.record import Record, StepRecord

FINDINGS = 100  # rows; the SARIF file has all
ORDER = ("error", "warning", "info", "style")
MARKS = {"SUCCESS": "✅", "FAILURE": "❌", "TIMEOUT": "⌛", "CANCELLED": "✋", "QUEUED": "·", "SKIPPED": "·"}


def summary(
    verdict: str,
    lint: Lint | None,
    record: Record | None,
    receipts: tuple[Receipt, ...],
    notes: tuple[str, ...],
    pages: str = "",
) -> str:
    """The whole summary. `verdict` is one sentence; `notes` say what could not be reported and why;
    `pages`: the address that a rule's page lies under, "" unknown."""
    parts = [f"## ctr-ci: {cell(verdict)}"]
    parts += [_pushed(receipt) for receipt in receipts]
    if record:
        parts.append(_run(record))
    if lint:
        parts.append(_lint(lint, pages))
    parts += [f"> {cell(note)}" for note in notes]
    return "\n\n".join(parts) + "\n"


def _pushed(receipt: Receipt) -> str:
    rows = [
        ("Repository", _code(receipt.repository)),
        ("Digest", _code(receipt.digest)),
        ("Tags", ", ".join(_code(tag) for tag in receipt.tags) or "none"),
        ("Tested image", _code(receipt.image_id)),
        ("Layers", f"{receipt.uploaded} uploaded, {receipt.reused} already there"),
    ]
    if receipt.tested_by:
        rows.append(("Tested by", ", ".join(_code(name) for name in receipt.tested_by)))
    rows += [("Kept tag", f"{_code(name)}: {cell(why)}") for name, why in receipt.kept]
    rows += [("Attestation", _code(digest)) for digest in receipt.attested]
    body = "\n".join(f"| {name} | {text} |" for name, text in rows)
    return f"### Pushed\n\n| | |\n|---|---|\n{body}"


def _run(record: Record) -> str:
    lines = [f"### Build {cell(record.status)}", ""]
    if record.problem:
        lines += [cell(record.problem.found), ""]
    if record.images:
        lines += ["| Image | Tested by | May ship |", "|---|---|---|"]
        for image in record.images:
            tested = ", ".join(_code(step) for step in image.tested_by) or "nothing"
            lines.append(f"| {_code(image.name)} | {tested} | {'✅' if image.tested_by else '❌'} |")
        lines.append("")
    if record.gates:
        lines += ["| Gate | Verdict | Because |", "|---|---|---|"]
        for gate in record.gates:
            lines.append(f"| {cell(gate.name)} | {cell(gate.verdict)} | {cell(gate.because)} |")
        lines.append("")
    lines += ["| Step | | Seconds | Exit |", "|---|---|--:|--:|"]
    lines += [_step(step) for step in record.steps]
    timeline = "\n".join(_timeline(record))
    return "\n".join(lines) + (f"\n\n```mermaid\n{timeline}\n```" if timeline else "")


def _step(step: StepRecord) -> str:
    seconds = f"{step.finished - step.started:.1f}" if step.started and step.finished else ""
    exit_code = "" if step.exit_code is None else str(step.exit_code)
    status = f"{MARKS.get(step.status, '')} {cell(step.status)}{' (forgiven)' if step.forgiven else ''}"
    return f"| {cell(_label(step))} | {status} | {seconds} | {exit_code} |"


def _timeline(record: Record) -> Iterator[str]:
    """A Mermaid Gantt chart; milliseconds from the build's start, so that no zone matters."""
    ran = [step for step in record.steps if step.started and step.finished]
    if not ran:
        return
    yield "gantt"
    yield "    dateFormat x"
    yield "    axisFormat %M:%S"
    for step in ran:
        start = max(0, round(((step.started or 0) - record.started) * 1000))
        end = max(start + 1, round(((step.finished or 0) - record.started) * 1000))
        # Mermaid's own marks may not come from a name.
        name = re.sub(r"[^\w ./-]", " ", _label(step)).strip()[:60] or f"step {step.index}"
        state = "done" if step.status == "SUCCESS" else "crit"
        yield f"    {step.index} {name} :{state}, {start}, {end}"


def _label(step: StepRecord) -> str:
    return step.id or step.name


def counted(lint: Lint) -> str:
    """How many findings of each severity, in words."""
    words = []
    for severity in ORDER:
        number = lint.count(severity)
        plural = "s" if number > 1 and severity in ("error", "warning") else ""
        words += [f"{number} {severity}{plural}"] if number else []
    return ", ".join(words) or "no findings"


def _lint(lint: Lint, pages: str) -> str:
    findings = sorted(lint.findings, key=lambda f: ORDER.index(f.severity) if f.severity in ORDER else 9)
    lines = [f"### Lint: {counted(lint)}"]
    if findings:
        lines += ["", "| | Rule | Where | What | Bytes |", "|---|---|---|---|--:|"]
        lines += [_finding(finding, pages) for finding in findings[:FINDINGS]]
    if len(findings) > FINDINGS:
        lines += ["", f"{len(findings) - FINDINGS} more are in the SARIF file."]
    for error in lint.errors:
        lines += ["", f"Not read: {code(error.path)}: {cell(error.message)}"]
    return "\n".join(lines)


def _finding(finding: Finding, pages: str) -> str:
    rule = cell(finding.rule)
    url = finding.url if "://" in finding.url else pages + finding.url
    if re.fullmatch(r"https://[\w./#:-]+", url):
        rule = f"[{rule}]({url})"
    place = _code(f"{finding.path}:{finding.line}")
    size = "" if finding.size_bytes is None else f"{finding.size_bytes:,}"
    return f"| {cell(finding.severity)} | {rule} | {place} | {cell(finding.message)} | {size} |"


def _code(text: str) -> str:
    """Code in a table's cell, where backticks would not keep a `|` from ending the cell."""
    return f"<code>{cell(text)}</code>" if text else ""
