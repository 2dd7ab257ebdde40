"""Findings as plain tuples and back: for the cache and between processes."""

from __future__ import annotations

from ctr_ci.lint import catalogue
from ctr_ci.lint.rule import Edit, Finding, Fix, Related, Safety, Severity
from ctr_ci.source import Position, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.lint.rule import Rule

    Packed = tuple[object, ...]
else:
    Packed = tuple


def pack(findings: tuple[Finding, ...]) -> tuple[Packed, ...]:
    """Findings as tuples of texts and numbers, fit for `marshal`."""
    return tuple(
        (
            one.rule.id,
            _place(one.span),
            one.message,
            one.help,
            None
            if one.fix is None
            else (
                one.fix.title,
                one.fix.safety.value,
                tuple((_place(e.span), e.text) for e in one.fix.edits),
            ),
            one.severity.value,
            one.stage,
            one.code,
            one.bytes,
            tuple((_place(r.span), r.message) for r in one.related),
        )
        for one in findings
    )


def unpack(packed: tuple[Packed, ...]) -> tuple[Finding, ...]:
    """The findings of `pack`. Raises KeyError when a rule is gone."""
    if not packed:
        return ()
    known = {rule.id: rule for rule in catalogue.rules()}
    return tuple(_unpack(one, known) for one in packed)


def _unpack(one: Packed, known: dict[str, Rule]) -> Finding:
    rule, place, message, help_text, fix, severity, stage, code, size, related = one
    return Finding(
        known[rule],  # type: ignore[index]
        _span(place),  # type: ignore[arg-type]
        message,  # type: ignore[arg-type]
        help_text,  # type: ignore[arg-type]
        None
        if fix is None
        else Fix(fix[0], Safety(fix[1]), tuple(Edit(_span(p), text) for p, text in fix[2])),  # type: ignore[index]
        Severity(severity),
        stage,  # type: ignore[arg-type]
        code,  # type: ignore[arg-type]
        size,  # type: ignore[arg-type]
        tuple(Related(_span(p), text) for p, text in related),  # type: ignore[attr-defined]
    )


def _place(span: Span) -> tuple[int, int, int, int]:
    return span.start.line, span.start.column, span.end.line, span.end.column


def _span(place: tuple[int, int, int, int]) -> Span:
    line, column, end_line, end_column = place
    return Span(Position(line, column), Position(end_line, end_column))
