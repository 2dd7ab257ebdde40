"""What an editor may offer for findings: their fixes, all safe fixes at once, silence with a reason,
and the rule's page on hover."""

from __future__ import annotations

from lsprotocol import types as lsp

from ctr_ci.lint import Context, Finding, Safety
from ctr_ci.lint import fix as repair
from ctr_ci.report.place import link
from ctr_ci.settings import LintSettings
from ctr_ci.source import Position
from ctr_ci.verbs.lsp_place import Places, diagnostic


def actions(
    findings: tuple[Finding, ...], places: Places, uri: str, within: lsp.Range
) -> list[lsp.CodeAction]:
    """For each finding that touches the range: its fix, and a comment that silences it."""
    offered = []
    for finding in findings:
        at = places.range(finding.span)
        if _before(at.end, within.start) or _before(within.end, at.start):
            continue
        shown = [diagnostic(finding, places, uri)]
        if finding.fix is not None:
            unsafe = finding.fix.safety is Safety.UNSAFE
            edits = [lsp.TextEdit(places.range(edit.span), edit.text) for edit in finding.fix.edits]
            title = finding.fix.title[:1].upper() + finding.fix.title[1:]
            offered.append(
                lsp.CodeAction(
                    title=f"{title} (look at it: may change the build)" if unsafe else title,
                    kind=lsp.CodeActionKind.QuickFix,
                    diagnostics=shown,
                    is_preferred=not unsafe,
                    edit=lsp.WorkspaceEdit({uri: edits}),
                )
            )
        offered.append(_silence(finding, places, uri, shown))
    return offered


def fix_all(places: Places, settings: LintSettings, context: Context, uri: str) -> list[lsp.CodeAction]:
    """All safe fixes to their fixed point, as one edit; nothing where there are none."""
    fixed = repair(places.source, settings, Safety.SAFE, context)
    if not fixed.changed:
        return []
    edit = lsp.TextEdit(places.whole(), fixed.source.text)
    return [
        lsp.CodeAction(
            title=f"Repair all that is safe ({len(fixed.repaired)})",
            kind=lsp.CodeActionKind.SourceFixAll,
            edit=lsp.WorkspaceEdit({uri: [edit]}),
        )
    ]


def page(findings: tuple[Finding, ...], places: Places, at: lsp.Position) -> lsp.Hover | None:
    """The pages of the rules that complain of this place."""
    here = [f for f in findings if not _before(at, (r := places.range(f.span)).start) and _before(at, r.end)]
    if not here:
        return None
    texts = []
    for rule in dict.fromkeys(finding.rule for finding in here):
        also = f"\n\nAlso known as {', '.join(rule.same_as)}." if rule.same_as else ""
        name = f"[{rule.name}]({link(rule)})" if link(rule) else rule.name
        parts = (f"**{name}** {rule.summary}", rule.why, rule.help)
        texts.append("\n\n".join(part for part in parts if part) + also)
    return lsp.Hover(
        contents=lsp.MarkupContent(lsp.MarkupKind.Markdown, "\n\n---\n\n".join(texts)),
        range=places.range(here[0].span),
    )


def _silence(finding: Finding, places: Places, uri: str, shown: list[lsp.Diagnostic]) -> lsp.CodeAction:
    line = _first_line(finding, places)
    text = f"# ctr-ci: ignore={finding.rule.name} say why{places.source.newline}"
    at = places.position(Position(line, 1))
    return lsp.CodeAction(
        title=f"Allow {finding.rule.name} here",
        kind=lsp.CodeActionKind.QuickFix,
        diagnostics=shown,
        edit=lsp.WorkspaceEdit({uri: [lsp.TextEdit(lsp.Range(at, at), text)]}),
    )


def _first_line(finding: Finding, places: Places) -> int:
    """The line on which the instruction around a finding begins: a comment goes above it."""
    from ctr_ci.dockerfile import parse

    for instruction in parse(places.source).instructions:
        if instruction.span.start <= finding.span.start <= instruction.span.end:
            return instruction.span.start.line
    return finding.span.start.line


def _before(one: lsp.Position, other: lsp.Position) -> bool:
    return (one.line, one.character) < (other.line, other.character)
