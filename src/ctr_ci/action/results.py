"""What the commands left behind, read from their JSON. Pure, but for the file that is read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ctr_ci.github import Annotation, Suggestion
from ctr_ci.value import replace

LEVELS = {"error": "error", "warning": "warning", "info": "notice", "style": "notice"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of `ctr-ci lint`. `size_bytes` None: not proven. `repair` None: no safe fix that
    replaces whole lines."""

    rule: str
    severity: str
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    message: str
    help: str
    url: str
    size_bytes: int | None
    fixable: bool

    def annotation(self) -> Annotation:
        text = f"{self.message}\n{self.help}" if self.help else self.message
        return Annotation(
            LEVELS.get(self.severity, "notice"),
            text,
            self.path,
            self.line,
            self.column,
            self.end_line,
            self.end_column,
            f"{self.rule} ({self.severity})",
        )


@dataclass(frozen=True, slots=True)
class Edit:
    """A replacement of the text from one place up to another (lines and columns from 1)."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A safe fix: its finding's file and message, and the edits, in the order of the text."""

    path: str
    title: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Lint:
    """`errors`: files that could not be read, as annotations."""

    findings: tuple[Finding, ...]
    errors: tuple[Annotation, ...]
    fixes: tuple[Fix, ...]

    def count(self, severity: str) -> int:
        return sum(finding.severity == severity for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What `ctr-ci publish` says it pushed. `tags` point at it now; `kept`: those that were left where
    they are, each with the reason; `attested`: digests of the evidence that is attached to it."""

    repository: str
    image_id: str
    digest: str
    size_bytes: int
    tags: tuple[str, ...]
    uploaded: int
    reused: int
    tested_by: tuple[str, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()
    attested: tuple[str, ...] = ()


def lint(path: Path) -> Lint | None:
    """The lint report in a file; None where there is none, because lint ended before it wrote one."""
    if not path.is_file():
        return None
    report = json.loads(path.read_text(encoding="utf-8"))
    findings = _list(report, "findings")
    return Lint(
        tuple(_finding(item) for item in findings),
        tuple(_problem(item) for item in _list(report, "errors")),
        tuple(fix for item in findings if (fix := _fix(item))),
    )


# As `Problem.render` writes it.
PROBLEM = re.compile(r"(?:(?P<path>[^:\s][^:]*)(?::(?P<line>\d+):(?P<column>\d+))?: )?error: (?P<text>.+)")


def problems(text: str) -> tuple[Annotation, ...]:
    """The errors that a command printed for people, each at its place."""
    found: list[Annotation] = []
    for line in text.splitlines():
        if error := PROBLEM.fullmatch(line):
            place = (error["path"] or "", int(error["line"] or 0), int(error["column"] or 0))
            found.append(Annotation("error", error["text"], *place, title="ctr-ci"))
        elif found and line.startswith("help: "):
            found[-1] = replace(found[-1], message=f"{found[-1].message}\n{line}")
    return tuple(found)


def complaints(text: str) -> tuple[str, ...]:
    """The errors in what a command with `--format=json` printed: message and help of each."""
    found: list[str] = []
    for line in text.splitlines():
        try:
            said = json.loads(line) if line.startswith("{") else None
        except (ValueError, RecursionError):
            continue
        errors = [(_text(error, "message"), _text(error, "help")) for error in _list(said, "errors")]
        found += ["\n".join(filter(None, parts)) for parts in errors]
    return tuple(found)


def warnings(text: str) -> tuple[str, ...]:
    """What a command warned of: GitHub was not told, say, though the push is done."""
    marked = (line.partition("warning: ") for line in text.splitlines())
    return tuple(dict.fromkeys(rest.strip() for before, _, rest in marked if not before and rest.strip()))


def receipts(text: str) -> tuple[Receipt, ...]:
    """The receipts in what `ctr-ci publish --format=json` printed: one a line, among other lines."""
    found = []
    for line in text.splitlines():
        try:
            said = json.loads(line) if line.startswith("{") else None
        except (ValueError, RecursionError):
            continue
        if isinstance(said, dict) and "digest" in said:
            found.append(_receipt(said))
    return tuple(found)


def _receipt(said: object) -> Receipt:
    blobs = _list(said, "blobs")
    uploaded = sum(_text(blob, "how") == "uploaded" or bool(_get(blob, "uploaded")) for blob in blobs)
    tags = _list(said, "tags")
    return Receipt(
        _text(said, "repository"),
        _text(said, "image_id"),
        _text(said, "digest"),
        _number(said, "size"),
        tuple(_text(tag, "name") for tag in tags if not _get(tag, "kept")),
        uploaded,
        len(blobs) - uploaded,
        _texts(_get(said, "evidence"), "tested_by"),
        tuple((_text(tag, "name"), _text(tag, "because")) for tag in tags if _get(tag, "kept")),
        _texts(said, "attestations"),
    )


def suggestions(fixes: tuple[Fix, ...], lines: Mapping[str, tuple[str, ...]]) -> tuple[Suggestion, ...]:
    """Fixes as replacements of whole lines; `lines` are the files' lines without their ends.

    Only fixes of one edit: several places cannot be one suggestion.
    """
    made = []
    for fix in fixes:
        text = lines.get(fix.path, ())
        edit = fix.edits[0]
        if len(fix.edits) > 1 or not 0 < edit.line <= min(edit.end_line, len(text)):
            continue
        last = min(edit.end_line, len(text))
        before = text[edit.line - 1][: edit.column - 1]
        # An edit that ends at the start of a line takes whole lines; that line itself stays as it is.
        after = text[edit.end_line - 1][edit.end_column - 1 :] if edit.end_line <= len(text) else ""
        if edit.end_column == 1 and edit.end_line > edit.line and edit.text.endswith("\n"):
            made.append(
                Suggestion(fix.path, edit.line, edit.end_line - 1, before + edit.text[:-1], fix.title)
            )
        else:
            made.append(Suggestion(fix.path, edit.line, last, before + edit.text + after, fix.title))
    return tuple(made)


def _finding(item: object) -> Finding:
    size = _get(item, "bytes")
    fix = _get(item, "fix")
    name = _text(item, "name") or _text(item, "rule")
    return Finding(
        name,
        _text(item, "severity"),
        _text(item, "path"),
        _number(item, "line"),
        _number(item, "column"),
        _number(item, "end_line"),
        _number(item, "end_column"),
        _text(item, "message"),
        _text(item, "help"),
        _text(item, "url"),
        size if isinstance(size, int) else None,
        isinstance(fix, dict),
    )


def _fix(item: object) -> Fix | None:
    fix = _get(item, "fix")
    if not isinstance(fix, dict) or not _get(fix, "safe"):
        return None
    edits = tuple(
        Edit(
            _number(_get(edit, "start"), "line"),
            _number(_get(edit, "start"), "column"),
            _number(_get(edit, "end"), "line"),
            _number(_get(edit, "end"), "column"),
            _text(edit, "text"),
        )
        for edit in _list(fix, "edits")
    )
    title = f"{_text(item, 'name')}: {_text(fix, 'title')}"
    return Fix(_text(item, "path"), title, edits) if edits else None


def _problem(item: object) -> Annotation:
    text = "\n".join(part for part in (_text(item, "message"), _text(item, "help")) if part)
    return Annotation("error", text, _text(item, "path"), _number(item, "line"), _number(item, "column"))


def _get(item: object, key: str) -> object:
    return item.get(key) if isinstance(item, dict) else None


def _text(item: object, key: str) -> str:
    found = _get(item, key)
    return found if isinstance(found, str) else ""


def _number(item: object, key: str) -> int:
    found = _get(item, key)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def _texts(item: object, key: str) -> tuple[str, ...]:
    return tuple(each for each in _list(item, key) if isinstance(each, str))


def _list(item: object, key: str) -> list[object]:
    found = _get(item, key)
    return found if isinstance(found, list) else []
