"""Runs the enabled rules over one file and passes the findings down one visible chain:
severity, pragmas, stage, duplicates, order.
"""

from __future__ import annotations

from ctr_ci.lint.facts import Facts
from ctr_ci.lint.select import Selection, select
from ctr_ci.lint.suppress import Pragma, Silencer, pragmas, unused
from ctr_ci.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ctr_ci.dockerfile import Dockerfile
    from ctr_ci.lint.context import Context
    from ctr_ci.lint.rule import Finding
    from ctr_ci.settings import LintSettings


def check(
    dockerfile: Dockerfile,
    settings: LintSettings,
    context: Context | None = None,
    selection: Selection | None = None,
) -> tuple[Finding, ...]:
    """The findings of a file, in the order of the text.

    `context` is what the rules may know of the file's surroundings (see `Context`); `selection`
    saves working it out again when many files share their settings.
    """
    chosen = selection or select(settings, dockerfile.source.path)
    facts = Facts(dockerfile, settings, context)
    raised: list[Finding] = []
    for rule in chosen.rules:
        try:
            raised.extend(rule.check(facts))
        except Exception as error:
            error.add_note(f"while the rule {rule.name} looked at {dockerfile.source.path}")
            raise
    graded = _graded(raised, chosen)
    comments = pragmas(dockerfile) if settings.pragmas else ()
    kept = _unsilenced(graded, comments)
    if comments and any(rule.name == "unused-ignore" for rule in chosen.rules):
        kept = [*kept, *_graded(_unused(comments, graded, chosen), chosen)]
    return tuple(sorted(_staged(_distinct(kept), facts), key=_order))


def _graded(findings: Iterable[Finding], selection: Selection) -> list[Finding]:
    graded = []
    for finding in findings:
        severity = selection.severity(finding)
        if severity is finding.severity:
            graded.append(finding)
        elif severity is not None:
            graded.append(replace(finding, severity=severity))
    return graded


def _unsilenced(findings: list[Finding], comments: tuple[Pragma, ...]) -> list[Finding]:
    if not comments:
        return findings
    silencer = Silencer(comments)
    return [finding for finding in findings if not silencer.silencing(finding)]


def _unused(comments: tuple[Pragma, ...], raised: list[Finding], selection: Selection) -> list[Finding]:
    rule = next(rule for rule in selection.rules if rule.name == "unused-ignore")
    return [
        rule.at(
            one.span, f"this comment silences nothing: no finding of {', '.join(one.names)} where it acts"
        )
        for one in unused(comments, raised)
    ]


def _distinct(findings: Iterable[Finding]) -> list[Finding]:
    """One finding a rule and place."""
    seen: dict[tuple[str, str, object], Finding] = {}
    for finding in findings:
        seen.setdefault((finding.rule.id, finding.code, finding.span), finding)
    return list(seen.values())


def _staged(findings: list[Finding], facts: Facts) -> list[Finding]:
    if len(facts.dockerfile.stages) < 2 and not any(stage.name for stage in facts.dockerfile.stages):
        return findings
    staged = []
    for finding in findings:
        stage = facts.stage_at(finding.span.start.line)
        named = "" if stage is None else stage.name or str(stage.index)
        staged.append(replace(finding, stage=named) if named and not finding.stage else finding)
    return staged


def _order(finding: Finding) -> tuple[int, int, int, str]:
    start = finding.span.start
    return (start.line, start.column, finding.severity.rank, finding.rule.id)
