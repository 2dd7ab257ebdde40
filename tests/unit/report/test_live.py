"""The live view, drawn on a small terminal of our own that understands what it writes."""

from __future__ import annotations

import re

import pytest

from ctr_ci.events import (
    BuildFinished,
    BuildStarted,
    Event,
    GateDecided,
    StepFinished,
    StepOutput,
    StepStarted,
)
from ctr_ci.problem import Problem
from ctr_ci.report.live import Live, clean, clip, span

STARTED = BuildStarted(
    "b1", 100.0, (), "cloudbuild.yaml", "", (), ((0, "build", "docker"), (1, "test", "app")), ("app",)
)


class Terminal:
    """Keeps the lines of a screen; knows cursor-up-to-line-start and clear-below."""

    def __init__(self) -> None:
        self.lines: list[str] = [""]
        self.row = 0

    def write(self, text: str) -> None:
        for part in re.split(r"(\x1b\[\d*[A-Za-z]|\n)", text):
            if up := re.fullmatch(r"\x1b\[(\d+)F", part):
                self.row -= int(up[1])
                assert self.row >= 0
            elif part == "\x1b[J":
                self.lines[self.row :] = [""]
            elif part == "\n":
                self.row += 1
                if self.row == len(self.lines):
                    self.lines.append("")
            elif not re.fullmatch(r"\x1b\[\d*m", part):
                self.lines[self.row] += part


def screen(*events: Event, ticks: int = 0, columns: int = 60, rows: int = 24) -> list[str]:
    live, terminal = Live(colour=False), Terminal()
    for event in events:
        terminal.write(live.read(event, columns, rows))
        for _ in range(ticks):
            terminal.write(live.tick(event.at + 1.5, columns, rows))
    assert all(len(line) < columns for line in terminal.lines if not line.startswith("  │"))
    return [line for line in terminal.lines if line]


def test_running_steps_show_their_time_and_last_line_and_the_rest_waits() -> None:
    shown = screen(
        STARTED, StepStarted(100.0, 0, "sha256:1"), StepOutput(101.0, 0, "stdout", b"a\nhello\n"), ticks=2
    )
    assert shown == ["build b1", "⠦ #0 build    2.5s  hello", "· waiting: #1 test"]


def test_drawing_again_and_again_leaves_one_block() -> None:
    assert len(screen(STARTED, StepStarted(100.0, 0, "x"), ticks=50)) == 3


def test_a_finished_build_leaves_one_line_a_step() -> None:
    shown = screen(
        STARTED,
        StepStarted(100.0, 0, "x"),
        StepFinished(112.0, 0, "SUCCESS", 0),
        StepStarted(112.0, 1, "x"),
        StepFinished(112.5, 1, "SUCCESS", 0),
        GateDecided(113.0, "tested", "sha256:1", "passed", "step test ran it"),
        BuildFinished(113.0, "SUCCESS"),
        ticks=3,
    )
    assert shown == [
        "build b1",
        "✔ #0 build  12s",
        "✔ #1 test  0.5s",
        "✔ gate tested: step test ran it",
        "✔ SUCCESS",
    ]


def test_a_failed_step_leaves_the_end_of_its_output_and_what_to_do() -> None:
    shown = screen(
        STARTED,
        StepStarted(100.0, 0, "x"),
        StepOutput(100.0, 0, "stderr", b"one\ntwo\n"),
        StepFinished(101.0, 0, "FAILURE", 3),
        StepFinished(101.0, 1, "QUEUED", None),
        BuildFinished(101.0, "FAILURE", Problem("step 0 failed", help="look at it")),
        ticks=1,
    )
    assert shown[1:] == [
        "✘ #0 build FAILURE exit code 3  1.0s",
        "  │ one",
        "  │ two",
        "· #1 test never started",
        "✘ FAILURE",
        "  step 0 failed",
        "  help: look at it",
    ]


def test_a_flood_of_output_is_kept_short_and_says_so() -> None:
    flood = [StepOutput(100.0, 0, "stdout", b"x" * 999 + b"\n") for _ in range(1000)]
    shown = screen(STARTED, StepStarted(100.0, 0, "x"), *flood, StepFinished(101.0, 0, "FAILURE", 1))
    assert "  │ … earlier output is left out" in shown
    assert len(shown) < 80


def test_many_steps_never_take_more_rows_than_the_terminal_has() -> None:
    steps = tuple((n, f"s{n}", "i") for n in range(40))
    events = [StepStarted(100.0, n, "x") for n in range(30)]
    shown = screen(BuildStarted("b", 100.0, (), "", "", (), steps, ()), *events, ticks=1, rows=10)
    assert len(shown) <= 10
    assert "waiting" in shown[-1]


@pytest.mark.parametrize(
    "hostile",
    ["\x1b[2J\x1b[H", "\x1b]0;title\x07", "\x1b]8;;http://x\x1b\\", "\u202e", "\x9b2J", "a\x08\x08"],
)
def test_what_a_step_prints_cannot_steer_the_terminal(hostile: str) -> None:
    shown = clean(f"a{hostile}b")
    assert all(character.isprintable() for character in shown)
    assert shown.endswith("b")


def test_a_progress_line_shows_its_last_state() -> None:
    assert clean("10%\r50%\r100%\r") == "100%"


def test_wide_characters_take_two_columns() -> None:
    assert clip("日本語テキスト", 8) == "日本語"
    assert clip("\x1b[31mabcdef\x1b[0m", 4) == "\x1b[31mabc\x1b[0m"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0s"), (9.96, "10.0s"), (59.9, "59s"), (187, "3m07s"), (3725, "1h02m")]
)
def test_times_read_as_people_say_them(seconds: float, text: str) -> None:
    assert span(seconds) == text
