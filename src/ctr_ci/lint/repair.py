"""Edits that several rules make to a RUN."""

from __future__ import annotations

from ctr_ci.lint.rule import Edit, Fix, Safety
from ctr_ci.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.dockerfile import Run
    from ctr_ci.lint.facts import Facts


def appended(facts: Facts, run: Run, command: str, title: str) -> Fix | None:
    """A safe fix that ends a RUN with `&& command`; None where the RUN is more than one plain `&&` list
    (then the end of the text may be a branch, a subshell or a comment)."""
    script = facts.script(run)
    if script is None or run.script is None or run.heredocs or run.json is not None:
        return None
    if script.unread or script.comments or len(script.pipelines) != len(script.commands):
        return None
    if any(c.nesting or c.before not in ("", "&&") or c.wrappers for c in script.commands):
        return None
    text = script.text.rstrip()
    if not text or text[-1] in "\\&;|":
        return None
    end = run.script.span(0, len(text)).end
    lines = {facts.span(run, c.start, c.end).start.line for c in script.commands}
    joint = f" {facts.dockerfile.escape}\n    && " if len(lines) > 1 else " && "
    return Fix(title, Safety.SAFE, (Edit(Span(end, end), joint + command),))


def inserted(facts: Facts, run: Run, at: int, text: str, title: str, safety: Safety = Safety.SAFE) -> Fix:
    """A fix that puts `text` behind character `at` of a RUN's script."""
    end = facts.span(run, max(at - 1, 0), at).end
    return Fix(title, safety, (Edit(Span(end, end), text),))
