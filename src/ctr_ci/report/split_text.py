"""A split and its proof as lines of text: what ships and why, bytes before and after, what holds."""

from __future__ import annotations

from collections.abc import Iterator

from ctr_ci.report.size_text import size_text
from ctr_ci.source import visible
from ctr_ci.split import Proof, Split

BEHIND = 5
GREEN, RED, PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[0m"


def split_text(path: str, made: Split, written: str) -> Iterator[str]:
    """What ships, on what, and what a reader should know."""
    yield f"{path}: split{f', written to {written}' if written else ''}; ships on {made.runtime}"
    for one in made.artefacts:
        yield f"  {one.place}: {one.why}"
    if made.packages:
        yield f"  packages: {' '.join(made.packages)}"
    yield from (f"  note: {note}" for note in made.notes)


def proof_text(proof: Proof, *, color: bool = False) -> Iterator[str]:
    """Bytes by class, each part of the proof, and the verdict."""
    before, after = dict(proof.before.shares()), dict(proof.after.shares())
    yield f"{'':12}{'before':>10}  {'after':>10}"
    for share, size in before.items():
        if size or after[share]:
            yield f"  {share.label:10}{size_text(size):>10}  {size_text(after[share]):>10}"
    old, new = proof.before.size_bytes, proof.after.size_bytes
    less = f"  ({(new - old) / old:+.0%})" if old else ""
    yield f"  {'all':10}{size_text(old):>10}  {size_text(new):>10}{less}"
    for check in proof.checks:
        mark = _colored("holds", GREEN, color) if check.holds else _colored("fails", RED, color)
        yield f"{mark}  {check.name}: {visible(check.seen if check.holds else check.reasons[0])}"
        yield from (f"       {visible(reason)}" for reason in check.reasons[1:])
        if not check.holds and check.help:
            yield f"       help: {visible(check.help)}"
    if proof.behind:
        yield f"left behind, owned by no package ({len(proof.behind)}):"
        yield from (f"  /{visible(path)}" for path in proof.behind[:BEHIND])
        yield "  if the program needs one: --keep PATH"
    failed = [check.name for check in proof.checks if not check.holds]
    if failed:
        yield _colored(f"not proven: {', '.join(failed)}", RED, color)
    else:
        yield _colored("proven", GREEN, color)


def _colored(text: str, sign: str, color: bool) -> str:
    return f"{sign}{text}{PLAIN}" if color else text
