"""How far a push is: bars that are drawn in place, and lines that come at their pace."""

from __future__ import annotations

from ctr_ci.events import BlobPushed, PushProgress
from ctr_ci.report.push_live import Bars, Pace, bar

ONE, TWO = "a" * 64, "b" * 64


def moving(at: float, *blobs: tuple[str, str, int, int]) -> PushProgress:
    return PushProgress(at, 30_000_000, blobs)


def test_a_bar_is_filled_as_far_as_the_blob_is() -> None:
    line = bar(ONE, "sending", 12_000_000, 48_000_000)
    assert line == f"sending   {'a' * 12} {'━' * 6}{'─' * 18}    12.0 of 48.0 MB"
    assert "─" not in bar(ONE, "packing", 0, 0)
    assert "━" not in bar(ONE, "packing", 0, 5)


def test_bars_are_drawn_again_in_place() -> None:
    bars = Bars()
    first = bars.read(moving(1.0, (ONE, "packing", 1, 2), (TWO, "sending", 1, 2)), "", 80, 24)
    assert first.count("\n") == 2
    assert "\x1b" not in first
    assert bars.read(moving(1.2, (ONE, "packing", 2, 2)), "", 80, 24).startswith("\x1b[2F\x1b[J")
    assert bars.end() == "\x1b[1F\x1b[J"
    assert bars.end() == ""


def test_a_blob_that_arrived_is_a_line_above_the_bars_and_no_bar() -> None:
    bars = Bars()
    bars.read(moving(1.0, (ONE, "sending", 1, 2), (TWO, "sending", 1, 2)), "", 80, 24)
    shown = bars.read(BlobPushed(1.1, f"sha256:{ONE}", 2, "uploaded"), f"uploaded  {ONE[:12]}", 80, 24)
    lasting, *below = shown.removeprefix("\x1b[2F\x1b[J").splitlines()
    assert lasting == f"uploaded  {ONE[:12]}"
    assert len(below) == 1
    assert TWO[:12] in below[0]


def test_bars_fit_the_terminal() -> None:
    many = tuple((f"{number:064}", "packing", 1, 2) for number in range(30))
    shown = Bars().read(moving(1.0, *many), "", 20, 10)
    assert shown.count("\n") == 8
    assert max(map(len, shown.splitlines())) < 20


def test_a_log_gets_a_line_each_ten_seconds() -> None:
    pace = Pace()
    said = [(at, pace.read(moving(float(at), (ONE, "sending", 2_000_000, 8_000_000)))) for at in range(35)]
    assert [at for at, line in said if line] == [10, 20, 30]
    assert said[10][1] == f"30 MB of the export read; sending {'a' * 12} 2 of 8 MB"


def test_a_log_says_that_the_engine_has_given_nothing_yet() -> None:
    pace = Pace()
    assert pace.read(PushProgress(0.0, 0, ())) == ""
    assert pace.read(PushProgress(10.0, 0, ())) == "waiting for the engine's export"
