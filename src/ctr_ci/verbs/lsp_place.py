"""Places and findings in the editor's protocol: lines from 0, columns in the client's code units."""

from __future__ import annotations

from lsprotocol import types as lsp
from pygls.workspace import PositionCodec

from ctr_ci.lint import Finding
from ctr_ci.problem import Problem
from ctr_ci.report.place import link
from ctr_ci.source import Position, Source, Span

SEVERITIES = {
    "error": lsp.DiagnosticSeverity.Error,
    "warning": lsp.DiagnosticSeverity.Warning,
    "info": lsp.DiagnosticSeverity.Information,
    "style": lsp.DiagnosticSeverity.Hint,
}


class Places:
    """A text, and the way between its positions and the client's."""

    def __init__(self, source: Source, codec: PositionCodec) -> None:
        self.source = source
        self._codec = codec

    def position(self, at: Position) -> lsp.Position:
        line = self.source.lines[min(at.line, len(self.source.lines)) - 1]
        return lsp.Position(at.line - 1, self._codec.client_num_units(line[: at.column - 1]))

    def range(self, span: Span) -> lsp.Range:
        return lsp.Range(self.position(span.start), self.position(span.end))

    def whole(self) -> lsp.Range:
        last = len(self.source.lines)
        return lsp.Range(
            lsp.Position(0, 0), self.position(Position(last, len(self.source.lines[last - 1]) + 1))
        )


def diagnostic(finding: Finding, places: Places, uri: str) -> lsp.Diagnostic:
    """A finding as the editor shows it, with a link to its rule's page where that has an address."""
    rule, page = finding.rule, link(finding.rule)
    return lsp.Diagnostic(
        range=places.range(finding.span),
        message=finding.message + (f"\n{finding.help}" if finding.help else ""),
        severity=SEVERITIES[finding.severity.value],
        code=finding.code or rule.name,
        code_description=lsp.CodeDescription(href=page) if page else None,
        source="ctr-ci",
        related_information=[
            lsp.DiagnosticRelatedInformation(lsp.Location(uri, places.range(one.span)), one.message)
            for one in finding.related
        ],
    )


def diagnostic_of_problem(problem: Problem, places: Places) -> lsp.Diagnostic:
    """A problem of the document, or of a configuration that it is judged by (then on the first line)."""
    own = problem.path == places.source.path
    at = Position(1, 1)
    said = f"{problem.found}; expected {problem.expected}" if problem.expected else problem.found
    return lsp.Diagnostic(
        range=places.range(problem.span if own and problem.span else Span(at, at)),
        message=(said if own else f"{problem.path}: {said}") + (f"\n{problem.help}" if problem.help else ""),
        severity=SEVERITIES["warning" if problem.kind == "warning" else "error"],
        source="ctr-ci",
    )
