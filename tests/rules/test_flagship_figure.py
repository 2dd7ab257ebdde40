"""The precision and recall that docs/flagship-precision.md states follow from the committed labels."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_stated_figure_follows_from_the_labels_and_is_good_enough() -> None:
    lines = (ROOT / "tests/rules/flagship_labels.tsv").read_text(encoding="utf-8").splitlines()
    reported, silent, _ = [int(text) for text in re.findall(r"=(\d+)", lines[0])]
    rows = [line.split("\t") for line in lines[2:]]
    assert len(rows) >= 200
    assert len({row[0] for row in rows}) == len(rows)
    said = [row[2] for row in rows if row[3] == "yes"]
    quiet = [row[2] for row in rows if row[1].endswith("S") and row[3] == "no"]
    precision = sum(label != "none" for label in said) / len(said)
    found = precision * reported
    missed = sum(label != "none" for label in quiet) / len(quiet) * silent
    recall = found / (found + missed)
    assert precision >= 0.95
    assert recall >= 0.85
    page = (ROOT / "docs/flagship-precision.md").read_text(encoding="utf-8")
    assert f"precision **{precision:.3f}**" in page
    assert f"recall **{recall:.2f}**" in page


def test_the_headline_is_the_sample_that_was_read_before_any_repair_for_it() -> None:
    lines = (ROOT / "tests/rules/flagship_labels.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines[2:]]
    said = [row[2] for row in rows if row[1] == "6F"]
    quiet = [row[2] for row in rows if row[1] == "6S"]
    assert len(said) + len(quiet) >= 180
    precision = sum(label != "none" for label in said) / len(said)
    found = precision * 431
    recall = found / (found + sum(label != "none" for label in quiet) / len(quiet) * 3281)
    page = (ROOT / "docs/flagship-precision.md").read_text(encoding="utf-8")
    assert f"**Precision {precision:.2f}**" in page
    assert f"**Recall {recall:.2f}**" in page
    assert page.index(f"**Precision {precision:.2f}**") < page.index("precision **")


def test_every_label_has_a_reason() -> None:
    lines = (ROOT / "tests/rules/flagship_labels.tsv").read_text(encoding="utf-8").splitlines()
    for line in lines[2:]:
        assert len(line.split("\t")) == 8
        assert len(line.split("\t")[7]) > 10, line
