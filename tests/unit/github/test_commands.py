"""Workflow commands: encoding, GitHub's limits, and hostile text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctr_ci.github import (
    Annotation,
    annotate,
    annotation,
    cell,
    clipped,
    code,
    command,
    defuse,
    fenced,
    mask,
    output,
    resume,
    stop,
)

HOSTILE = [
    "::set-output name=digest::forged",
    "a\n::error::forged",
    "a\r\n::add-mask::b",
    "##[set-output name=digest;]forged",
    "| a | b |\n|---|",
    "```\n</details><script>alert(1)</script>",
    "[link](javascript:alert(1)) ![x](y)",
    "\x1b[31mred\x1b]8;;http://x\x07",
    "50% of, a: b",
    "<!-- ctr-ci:lint -->",
    "@everyone #1",
    "EOF\nname=value",
]


def test_an_annotation_names_file_place_and_title() -> None:
    item = Annotation("warning", "pin it", "a/Dockerfile", 3, 5, 3, 9, "CT101 untagged")
    assert (
        annotation(item)
        == "::warning file=a/Dockerfile,line=3,endLine=3,col=5,endColumn=8,title=CT101 untagged::pin it"
    )


def test_columns_of_a_place_over_several_lines_are_left_out() -> None:
    shown = annotation(Annotation("error", "m", "f", 3, 5, 6, 2))
    assert shown == "::error file=f,line=3,endLine=6::m"


def test_a_message_without_a_place_has_no_properties() -> None:
    assert annotation(Annotation("notice", "done")) == "::notice::done"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_on_one_line_and_inside_its_property(text: str) -> None:
    shown = command("error", text, title=text)
    assert "\n" not in shown
    assert "\r" not in shown
    head = shown.split("::")[1]
    assert head.startswith("error title=")
    assert "," not in head.removeprefix("error title=")
    assert ":" not in head


@given(st.text())
def test_a_decoder_gets_back_what_was_encoded(text: str) -> None:
    data = command("error", text).removeprefix("::error::")
    assert data.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%") == text


def many(level: str, count: int) -> list[Annotation]:
    return [Annotation(level, f"{level} {n}", "f", n) for n in range(1, count + 1)]


def test_the_budget_is_kept_and_what_is_left_out_is_counted() -> None:
    lines = annotate([*many("warning", 14), *many("error", 12)], where="the report")
    assert len([line for line in lines if line.startswith("::warning")]) == 10
    assert len([line for line in lines if line.startswith("::error")]) == 9
    assert lines[-1].startswith("::notice::3 more errors, 4 more warnings")
    assert lines[-1].endswith("See the report.")


def test_changed_lines_come_first() -> None:
    lines = annotate(many("warning", 30), {"f": frozenset({25, 29})})
    assert "line=25" in lines[0]
    assert "line=29" in lines[1]
    assert "line=1" in lines[2]


def test_few_annotations_leave_nothing_out() -> None:
    assert len(annotate(many("warning", 3))) == 3


def test_a_mask_covers_the_secret_and_each_of_its_lines() -> None:
    assert mask("ab\n\ncd") == ["::add-mask::ab%0A%0Acd", "::add-mask::ab", "::add-mask::cd"]


def test_foreign_output_is_bracketed_by_a_token() -> None:
    assert (stop("f00d"), resume("f00d")) == ("::stop-commands::f00d", "::f00d::")


def test_the_older_command_form_is_defused_anywhere_in_a_line() -> None:
    assert "##[" not in defuse("x ##[error]y ##[add-mask]z")


@pytest.mark.parametrize("text", HOSTILE)
def test_an_output_cannot_end_early(text: str) -> None:
    written = output("digest", text, "d3l1m")
    head, *body, tail, last = written.split("\n")
    assert (head, tail, last) == ("digest<<d3l1m", "d3l1m", "")
    assert "\n".join(body) == text


def test_a_guessed_delimiter_is_refused() -> None:
    with pytest.raises(ValueError, match="delimiter"):
        output("digest", "x\nd3l1m\nname=forged", "d3l1m")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_table_cell_holds_no_markup_and_no_line_end(text: str) -> None:
    shown = cell(text)
    assert "\n" not in shown
    assert "<" not in shown
    assert "|" not in shown.replace("\\|", "")
    assert "\x1b" not in shown
    assert "@" not in shown


@pytest.mark.parametrize("text", [*HOSTILE, "`", "a ``` b", "``"])
def test_inline_code_cannot_be_left(text: str) -> None:
    shown = code(text)
    fence = shown[: len(shown) - len(shown.lstrip("`"))]
    assert shown.endswith(fence)
    assert fence not in shown[len(fence) : -len(fence)]
    assert "\n" not in shown


def test_a_code_block_cannot_be_ended_from_inside() -> None:
    block = fenced(["a", "````", "b"], "text").split("\n")
    assert block[0] == "`````text"
    assert block[-1] == "`````"


def test_a_long_summary_is_cut_at_a_line_and_says_so() -> None:
    summary = "".join(f"line {n} é\n" for n in range(200))
    short = clipped(summary, 500)
    assert len(short.encode()) <= 500
    assert "The rest is cut" in short
    assert clipped(summary) == summary
