"""A baseline: the findings that an old repository lives with, so that only new ones are reported.

A finding is known by its rule, its file and the text it is about, so it stays known when lines move.
"""

from __future__ import annotations

import json

from ctr_ci.lint import Linted
from ctr_ci.problem import InputError, Problem
from ctr_ci.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.lint import Finding

VERSION = 1


def write(path: str, linted: tuple[Linted, ...]) -> None:
    """Writes the findings of a run as a baseline."""
    counts: dict[str, dict[str, int]] = {}
    for file in linted:
        for finding in file.findings:
            known = counts.setdefault(_path(file.path), {})
            key = _key(finding, file)
            known[key] = known.get(key, 0) + 1
    text = json.dumps({"version": VERSION, "files": counts}, indent=1, sort_keys=True, ensure_ascii=True)
    try:
        with open(path, "w", encoding="utf-8") as file_:
            file_.write(text + "\n")
    except OSError as error:
        what = f"cannot write the baseline: {(error.strerror or '').lower()}"
        raise InputError(Problem(what, "a writable file", path=path)) from error


def without(linted: tuple[Linted, ...], path: str) -> tuple[Linted, ...]:
    """The findings that the baseline at `path` does not know. Raises InputError."""
    files = _read(path)
    return tuple(
        replace(file, findings=_unknown(file, dict(files.get(_path(file.path), {})))) for file in linted
    )


def _unknown(file: Linted, known: dict[str, int]) -> tuple[Finding, ...]:
    fresh = []
    for finding in file.findings:
        key = _key(finding, file)
        if known.get(key, 0) > 0:
            known[key] -= 1
        else:
            fresh.append(finding)
    return tuple(fresh)


def _key(finding: Finding, file: Linted) -> str:
    text = " ".join(file.source.slice(finding.span).split())[:200]
    name = finding.code or finding.rule.name
    return f"{name}: {text}".encode("utf-8", "replace").decode("utf-8")


def _path(path: str) -> str:
    return path.removeprefix("./").encode("utf-8", "replace").decode("utf-8")


def _read(path: str) -> dict[str, dict[str, int]]:
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except OSError as error:
        what = f"cannot read the baseline: {(error.strerror or '').lower()}"
        raise InputError(Problem(what, "a file that --write-baseline wrote", path=path)) from error
    except ValueError as error:
        raise InputError(
            Problem("no baseline: not JSON", "a file that --write-baseline wrote", path=path)
        ) from error
    files = found.get("files") if isinstance(found, dict) else None
    if not isinstance(files, dict) or found.get("version") != VERSION:
        raise InputError(
            Problem("no baseline of this version", "a file that --write-baseline wrote", path=path)
        )
    return files
