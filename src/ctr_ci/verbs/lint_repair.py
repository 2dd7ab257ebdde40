"""Repairs files: writes them in place of the old ones, or makes a patch."""

from __future__ import annotations

import os
import sys

from ctr_ci.lint import Fixed, Linted, Safety, diff, fix
from ctr_ci.problem import InputError, Problem
from ctr_ci.verbs.lint_one import Linter
from ctr_ci.verbs.put import put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.settings import LintSettings
    from ctr_ci.source import Source
    from ctr_ci.verbs.lint import Request


def repair(
    sources: tuple[Source, ...], settings: LintSettings, request: Request
) -> tuple[tuple[Linted, ...], str]:
    """The files after their fixes, and the patch of all. With `--diff` nothing is written, and the
    findings are those of the files as they stand."""
    safety = Safety.UNSAFE if request.unsafe_fixes else Safety.SAFE
    linter = Linter(settings, request)
    linted = []
    patches = []
    for source in sources:
        context, selection = linter.context(source.path), linter.selection(source.path)
        fixed = fix(source, settings, safety, context, selection, linter.look)
        fixed = _agreed(source, fixed, linter)
        if request.diff:
            patches.append(_patch(source, fixed))
            linted.append(linter.lint(source))
            continue
        if fixed.changed:
            _write(source, fixed.source)
        elif source.path.startswith("<") or "-" in request.paths:
            _write(source, source)
        linted.append(Linted(source.path, fixed.source, fixed.remaining, len(fixed.repaired)))
    return tuple(linted), "".join(patches)


def _agreed(source: Source, fixed: Fixed, linter: Linter) -> Fixed:
    """Nothing is written that a second reader (dockerfile-parse) reads otherwise than we do."""
    if not fixed.changed:
        return fixed
    from ctr_ci.dockerfile import parse, second_reading

    before, after = parse(source), parse(fixed.source)
    if not second_reading(before) or second_reading(after):
        return fixed
    return Fixed(source, (), linter.lint(source).findings)


def _patch(source: Source, fixed: Fixed) -> str:
    from ctr_ci.source import Source

    path = os.path.relpath(source.path) if os.path.isabs(source.path) else source.path
    return diff(Source(path, source.text, source.bom), Source(path, fixed.source.text, source.bom))


def _write(before: Source, after: Source) -> None:
    raw = after.encode()
    if before.path.startswith("<"):
        sys.stdout.buffer.write(raw)
        return
    try:
        put(before.path, raw)
    except OSError as error:
        what = f"cannot write it: {(error.strerror or '').lower()}"
        raise InputError(Problem(what, "a writable file", path=before.path)) from error
