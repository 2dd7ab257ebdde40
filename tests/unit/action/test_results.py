"""From what the commands left behind to annotations and suggestions."""

from __future__ import annotations

import json
from pathlib import Path

from ctr_ci.action.results import Edit, Fix, complaints, lint, problems, receipts, suggestions, warnings
from ctr_ci.github import Suggestion

FINDING = {
    "rule": "CT103",
    "name": "relative-workdir",
    "severity": "warning",
    "path": "app/Dockerfile",
    "line": 2,
    "column": 9,
    "end_line": 2,
    "end_column": 12,
    "message": "WORKDIR app depends on the base",
    "help": "make it absolute",
    "url": "https://example.invalid/relative-workdir",
    "bytes": 1024,
    "fix": {
        "safe": True,
        "title": "make it absolute",
        "edits": [{"start": {"line": 2, "column": 9}, "end": {"line": 2, "column": 12}, "text": "/app"}],
    },
}


def report(tmp_path: Path, **parts: object) -> Path:
    path = tmp_path / "lint.json"
    path.write_text(json.dumps({"findings": [], "errors": []} | parts))
    return path


def test_a_finding_becomes_an_annotation_at_its_place(tmp_path: Path) -> None:
    read = lint(report(tmp_path, findings=[FINDING]))
    assert read
    shown = read.findings[0].annotation()
    assert (shown.level, shown.path, shown.line, shown.column) == ("warning", "app/Dockerfile", 2, 9)
    assert shown.title == "relative-workdir (warning)"
    assert shown.message.endswith("\nmake it absolute")
    assert (read.count("warning"), read.count("error"), read.findings[0].size_bytes) == (1, 0, 1024)


def test_a_file_that_could_not_be_read_is_an_error(tmp_path: Path) -> None:
    error = {"path": "gone/Dockerfile", "line": None, "column": None, "message": "is a folder", "help": None}
    read = lint(report(tmp_path, errors=[error]))
    assert read
    assert (read.errors[0].level, read.errors[0].path, read.errors[0].message) == (
        "error",
        "gone/Dockerfile",
        "is a folder",
    )


def test_no_report_is_no_result(tmp_path: Path) -> None:
    assert lint(tmp_path / "missing.json") is None


def test_a_report_of_another_shape_loses_nothing_but_what_is_missing(tmp_path: Path) -> None:
    read = lint(report(tmp_path, findings=[{"name": "x", "line": "2", "bytes": "many", "fix": []}]))
    assert read
    assert (read.findings[0].rule, read.findings[0].line, read.findings[0].size_bytes) == ("x", 0, None)


def test_the_receipt_is_found_among_other_lines() -> None:
    said = {
        "repository": "host/app",
        "image_id": "sha256:a",
        "digest": "sha256:b",
        "size": 7,
        "tags": [{"name": "v1", "previous_digest": None, "moved": True}],
        "blobs": [
            {"digest": "sha256:c", "size": 3, "how": "uploaded"},
            {"digest": "sha256:d", "how": "mounted"},
        ],
    }
    (read,) = receipts(f"warning: something\n{json.dumps(said)}\n")
    assert (read.repository, read.digest, read.tags, read.uploaded, read.reused) == (
        "host/app",
        "sha256:b",
        ("v1",),
        1,
        1,
    )


def test_no_receipt_in_other_output() -> None:
    assert receipts("") == ()
    assert receipts("{}\nnot json\n{broken") == ()


def test_a_line_nested_too_deep_is_no_result() -> None:
    deep = '{"errors":' + "[" * 200_000
    assert receipts(deep) == ()
    assert complaints(deep) == ()


def test_each_error_is_found_with_its_help() -> None:
    error = {"path": None, "message": "no such gate", "help": "run it first"}
    assert complaints(f"uploaded x\n{json.dumps({'errors': [error]})}\n") == ("no such gate\nrun it first",)


LINES = {"Dockerfile": ("FROM alpine", "WORKDIR app", "RUN a", "RUN b")}


def suggested(*edits: Edit) -> tuple[Suggestion, ...]:
    return suggestions((Fix("Dockerfile", "title", edits),), LINES)


def test_a_fix_inside_a_line_suggests_the_whole_line() -> None:
    made = suggested(Edit(2, 9, 2, 12, "/app"))
    assert made == (Suggestion("Dockerfile", 2, 2, "WORKDIR /app", "title"),)


def test_a_fix_over_lines_suggests_their_replacement() -> None:
    made = suggested(Edit(3, 1, 4, 6, "RUN a && b"))
    assert made == (Suggestion("Dockerfile", 3, 4, "RUN a && b", "title"),)


def test_an_insertion_before_a_line_keeps_the_line() -> None:
    made = suggested(Edit(2, 1, 2, 1, "USER nobody\n"))
    assert made == (Suggestion("Dockerfile", 2, 2, "USER nobody\nWORKDIR app", "title"),)


def test_whole_lines_replaced_up_to_the_next_start() -> None:
    made = suggested(Edit(3, 1, 4, 1, "RUN c\n"))
    assert made == (Suggestion("Dockerfile", 3, 3, "RUN c", "title"),)


def test_a_fix_in_several_places_or_outside_the_file_is_no_suggestion() -> None:
    assert suggested(Edit(2, 1, 2, 2, "x"), Edit(3, 1, 3, 2, "y")) == ()
    assert suggested(Edit(9, 1, 9, 2, "x")) == ()
    assert suggestions((Fix("gone", "title", (Edit(1, 1, 1, 1, "x"),)),), LINES) == ()


def test_a_receipt_says_which_tags_moved_which_stayed_and_what_is_attached() -> None:
    kept = {"name": "latest", "moved": False, "kept": True, "because": "1.4.0 is newer"}
    said = {
        "digest": "sha256:b",
        "tags": [{"name": "v1", "moved": True, "kept": False, "because": None}, kept],
        "attestations": ["sha256:c"],
        "evidence": {"tested_by": ["unit", "smoke"]},
    }
    (made,) = receipts(json.dumps(said))
    assert (made.tags, made.kept) == (("v1",), (("latest", "1.4.0 is newer"),))
    assert (made.attested, made.tested_by) == (("sha256:c",), ("unit", "smoke"))


def test_a_commands_warnings_are_told_once() -> None:
    said = "pushing\nwarning: no commit status: a\nit said warning: no\nwarning: no commit status: a\n"
    assert warnings(said) == ("no commit status: a",)


def test_errors_for_people_are_annotations_at_their_place() -> None:
    said = (
        "cloudbuild.yaml:2:3: error: unknown field 'nam'\nhelp: did you mean 'name'?\nerror: no engine\nok\n"
    )
    first, second = problems(said)
    assert (first.path, first.line, first.column) == ("cloudbuild.yaml", 2, 3)
    assert first.message == "unknown field 'nam'\nhelp: did you mean 'name'?"
    assert (second.path, second.message) == ("", "no engine")


def test_other_lines_are_no_errors() -> None:
    assert problems("an error: x\nhelp: y\n::error::forged\n") == ()
