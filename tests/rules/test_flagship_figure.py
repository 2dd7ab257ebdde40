"""The precision and recall that docs/flagship-precision.md states follow from the committed labels."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES = (ROOT / "tests/rules/flagship_labels.tsv").read_text(encoding="utf-8").splitlines()
ROWS = [line.split("\t") for line in LINES[2:]]
PAGE = (ROOT / "docs/flagship-precision.md").read_text(encoding="utf-8")
POSITIVE = ("build", "base")


def test_the_stated_figure_follows_from_the_labels_and_is_good_enough() -> None:
    reported, silent, _ = [int(text) for text in re.findall(r"=(\d+)", LINES[0])]
    assert len(ROWS) >= 1500
    assert len({row[0] for row in ROWS}) == len(ROWS)
    said = [row[2] for row in ROWS if row[3] == "yes" and row[2] != "undecided"]
    quiet = [row[2] for row in ROWS if row[1].endswith("S") and row[3] == "no"]
    precision = sum(label in POSITIVE for label in said) / len(said)
    found = precision * reported
    missed = sum(label in POSITIVE for label in quiet) / len(quiet) * silent
    recall = found / (found + missed)
    assert precision >= 0.955
    assert recall >= 0.95
    assert f"precision **{precision:.3f}**" in PAGE
    assert f"recall **{recall:.2f}**" in PAGE


def test_the_headline_is_the_random_sample_that_was_read_before_any_repair_for_it() -> None:
    right, wrong, missed = counts("9", drawn=True)
    assert right + wrong + missed >= 40
    precision, recall = right / (right + wrong), right / (right + missed)
    assert precision >= 0.95
    assert recall >= 0.85
    assert f"**Precision {precision:.3f}**" in PAGE
    assert f"**Recall {recall:.3f}**" in PAGE
    assert PAGE.index(f"**Precision {precision:.3f}**") < PAGE.index("precision **")


@pytest.mark.parametrize("sample", ["7", "8", "9"])
def test_a_random_sample_is_stated_as_drawn_and_holds_now(sample: str) -> None:
    right, wrong, missed = counts(sample, drawn=True)
    stated = (
        f"{right / (right + wrong):.3f} ({right} of {right + wrong}) | {right / (right + missed):.3f} "
        f"({right} of {right + missed})"
    )
    assert stated in PAGE
    right, wrong, missed = counts(sample, drawn=False)
    assert right / (right + wrong) >= 0.93
    assert right / (right + missed) >= 0.9


def counts(sample: str, *, drawn: bool) -> tuple[int, int, int]:
    """Rightly reported, wrongly reported, missed."""
    rows = [row for row in ROWS if row[1][:-1] == sample and row[2] != "undecided"]
    said = [row[2] in POSITIVE for row in rows if (row[1][-1] == "R" if drawn else row[3] == "yes")]
    due = sum(row[2] in POSITIVE for row in rows)
    return sum(said), len(said) - sum(said), due - sum(said)


def test_every_label_has_a_reason() -> None:
    for row in ROWS:
        assert len(row) == 8
        assert row[2] in (*POSITIVE, "none", "undecided")
        assert len(row[7]) > 10, row
