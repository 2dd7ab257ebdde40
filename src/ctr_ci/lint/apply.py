"""Applies the fixes of findings until nothing changes, and never trusts one.

After every round the text is parsed again: the instructions that no edit touched must all be there,
in order, unchanged, and there may be no new problem. A fix that fails this is dropped and its finding
stays. Line ends, BOM, comments and heredocs outside the edits keep every byte.
"""

from __future__ import annotations

from ctr_ci.lint.check import check
from ctr_ci.lint.rule import Edit, Finding, Fix, Safety
from ctr_ci.lint.select import Selection, select
from ctr_ci.source import Source
from ctr_ci.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ctr_ci.dockerfile import Dockerfile
    from ctr_ci.lint.context import Context
    from ctr_ci.settings import LintSettings

ROUNDS = 10


@value
class Fixed:
    """The repaired text, which findings were repaired, and what is left in the repaired text."""

    source: Source
    repaired: tuple[Finding, ...]
    remaining: tuple[Finding, ...]

    @property
    def changed(self) -> bool:
        return bool(self.repaired)


def fix(
    source: Source,
    settings: LintSettings,
    safety: Safety = Safety.SAFE,
    context: Context | None = None,
    selection: Selection | None = None,
    look: Callable[[Dockerfile], tuple[Finding, ...]] | None = None,
) -> Fixed:
    """Repairs to a fixed point, with safe fixes only or with all. `look` finds what is to be repaired, when
    it needs more than the text (shellcheck). Raises RuntimeError, naming the rules, when ten rounds bring no
    rest: two rules undo each other, which is a bug of ours."""
    from ctr_ci.dockerfile import parse

    chosen = selection or select(settings, source.path)
    dockerfile = parse(source, dict(context.build_args) if context else None)
    repaired: list[Finding] = []
    dropped: set[tuple[str, str]] = set()
    for _ in range(ROUNDS):
        findings = look(dockerfile) if look else check(dockerfile, settings, context, chosen)
        wanted = [
            f for f in findings if f.fix and _allowed(f.fix, safety) and _name(f, dockerfile) not in dropped
        ]
        if not wanted:
            return Fixed(source, tuple(repaired), findings)
        applied, source, dockerfile = _round(dockerfile, _apart(wanted), dropped)
        repaired.extend(applied)
    names = sorted({finding.rule.name for finding in wanted})
    raise RuntimeError(f"fixes do not come to rest in {source.path}: {', '.join(names)}")


def _allowed(one: Fix, safety: Safety) -> bool:
    return safety is Safety.UNSAFE or one.safety is Safety.SAFE


def _name(finding: Finding, dockerfile: Dockerfile) -> tuple[str, str]:
    """What a dropped fix is remembered by: its rule and the text it wanted to change."""
    edits = finding.fix.edits if finding.fix else ()
    return finding.rule.id, "\0".join(dockerfile.source.slice(edit.span) + "\1" + edit.text for edit in edits)


def _apart(findings: Iterable[Finding]) -> list[Finding]:
    """In text order, those whose edits do not meet an edit taken before; the others wait a round."""
    taken: list[Edit] = []
    apart = []
    for finding in findings:
        edits = finding.fix.edits if finding.fix else ()
        if any(_meet(edit, other) for edit in edits for other in taken):
            continue
        taken.extend(edits)
        apart.append(finding)
    return apart


def _meet(one: Edit, other: Edit) -> bool:
    return one.span.start <= other.span.end and other.span.start <= one.span.end


def _round(
    dockerfile: Dockerfile, findings: list[Finding], dropped: set[tuple[str, str]]
) -> tuple[list[Finding], Source, Dockerfile]:
    """Applies all at once; if the result is not what was meant, one by one, dropping the culprits."""
    done = _applied(dockerfile, findings)
    if done is not None:
        return findings, done.source, done
    if len(findings) == 1:
        dropped.add(_name(findings[0], dockerfile))
        return [], dockerfile.source, dockerfile
    for finding in findings:
        alone = _applied(dockerfile, [finding])
        if alone is not None:
            return [finding], alone.source, alone
        dropped.add(_name(finding, dockerfile))
    return [], dockerfile.source, dockerfile


def _applied(dockerfile: Dockerfile, findings: Iterable[Finding]) -> Dockerfile | None:
    from ctr_ci.dockerfile import parse

    edits = [edit for finding in findings if finding.fix for edit in finding.fix.edits]
    text, regions = apply(dockerfile.source, edits)
    after = parse(Source(dockerfile.source.path, text, dockerfile.source.bom), dockerfile.given)
    return after if _as_meant(dockerfile, after, edits, regions) else None


def apply(source: Source, edits: Iterable[Edit]) -> tuple[str, list[tuple[int, int]]]:
    """The text after the edits, and where in it the new text stands (offsets)."""
    parts: list[str] = []
    regions = []
    at, length = 0, 0
    for edit in sorted(edits, key=lambda edit: (edit.span.start.line, edit.span.start.column)):
        start, end = source.offset(edit.span.start), source.offset(edit.span.end)
        new = edit.text.replace("\r\n", "\n").replace("\n", source.newline)
        parts += [source.text[at:start], new]
        length += start - at
        regions.append((length, length + len(new)))
        length += len(new)
        at = end
    return "".join([*parts, source.text[at:]]), regions


def _as_meant(
    before: Dockerfile, after: Dockerfile, edits: list[Edit], regions: list[tuple[int, int]]
) -> bool:
    source = before.source
    cuts = [(source.offset(edit.span.start), source.offset(edit.span.end)) for edit in edits]
    if _untouched(before, cuts) != _untouched(after, regions):
        return False
    return len(after.problems) <= len(before.problems) and bool(after.stages) == bool(before.stages)


def _untouched(dockerfile: Dockerfile, regions: list[tuple[int, int]]) -> list[str]:
    source = dockerfile.source
    texts = []
    for instruction in dockerfile.instructions:
        start, end = source.offset(instruction.span.start), source.offset(instruction.span.end)
        if not any(from_ <= end and start <= to for from_, to in regions):
            texts.append(source.text[start:end])
    return texts


def diff(before: Source, after: Source) -> str:
    """A unified diff that `git apply` takes from the folder that the path is relative to; "" if equal."""
    from difflib import unified_diff

    if before.text == after.text:
        return ""
    name = before.path.removeprefix("./")
    bom = "\ufeff" if before.bom else ""
    old, new = (_split(bom + side.text) for side in (before, after))
    lines = unified_diff(old, new, _quoted(f"a/{name}"), _quoted(f"b/{name}"))
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _split(text: str) -> list[str]:
    """Lines with their ends; only `\\n` ends one, as git reads it."""
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _quoted(path: str) -> str:
    """A path as git writes it in a patch: in quotes when it holds blanks or control characters."""
    if all(" " < c < "\x7f" and c not in '"\\' for c in path):
        return path
    raw = path.encode("utf-8", "surrogateescape")
    known = {0x22: '\\"', 0x5C: "\\\\", 0x09: "\\t", 0x0A: "\\n"}
    return '"' + "".join(known.get(b) or (chr(b) if 0x20 <= b < 0x7F else f"\\{b:03o}") for b in raw) + '"'
