"""A run's page: what it shows, and that nothing on it can act."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from ctr_ci import record
from ctr_ci.cli import main
from ctr_ci.events import (
    BuildFinished,
    BuildStarted,
    Event,
    GateDecided,
    ImageFound,
    PushHeld,
    StepFinished,
    StepOutput,
    StepStarted,
)
from ctr_ci.problem import Problem
from ctr_ci.record import fold
from ctr_ci.report.journal import Journal
from ctr_ci.report.run_html import run_html

APP = "sha256:" + "a" * 64
HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[2J &amp; \"'"
EVENTS: tuple[Event, ...] = (
    BuildStarted(
        "b1",
        1_700_000_000.0,
        (("kind", "folder"), ("path", f"/src{HOSTILE}"), ("commit", None)),
        "cloudbuild.yaml",
        "sha256:c",
        (("_A", HOSTILE),),
        ((0, HOSTILE, "docker"), (1, "test", HOSTILE), (2, "late", "x")),
        ("app",),
    ),
    StepStarted(1_700_000_001.0, 0, APP),
    StepOutput(1_700_000_001.0, 0, "stdout", HOSTILE.encode() + b"\xff\n"),
    PushHeld(1_700_000_002.0, 0, "app"),
    StepFinished(1_700_000_003.0, 0, "SUCCESS", 0),
    StepStarted(1_700_000_003.0, 1, APP),
    StepOutput(1_700_000_003.0, 1, "stdout", b"x" * 300_000),
    StepFinished(1_700_000_005.0, 1, "FAILURE", 3),
    StepFinished(1_700_000_005.0, 2, "QUEUED", None),
    ImageFound(1_700_000_005.0, "app", APP),
    GateDecided(1_700_000_005.0, "tested", APP, "missing", HOSTILE),
    BuildFinished(1_700_000_005.0, "FAILURE", Problem(HOSTILE, help="look")),
)


class Tags(HTMLParser):
    """Counts tags, and refuses what is not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_nothing_that_a_step_says_becomes_markup() -> None:
    page = run_html(fold(EVENTS), EVENTS)
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert not {"script", "img", "link", "iframe"} & tags.seen
    assert not {name for name in tags.attributes if name.startswith("on")}
    assert "\x1b" not in page


def test_the_page_shows_steps_gates_images_and_what_was_held() -> None:
    page = run_html(fold(EVENTS), EVENTS)
    for said in (
        "FAILURE",
        "(3)",
        "2.0s",
        "QUEUED",
        "missing",
        "nobody: it may not be published",
        "Held, not pushed",
    ):
        assert said in page
    assert "2023-11-14 22:13:20 UTC, 5.0s" in page


def test_bars_stand_where_the_steps_ran() -> None:
    page = run_html(fold(EVENTS))
    assert 'class="bar" style="left:20.00%;width:40.00%"' in page
    assert 'class="bar bad" style="left:60.00%;width:40.00%"' in page


def test_long_output_is_cut_and_says_how_much() -> None:
    page = run_html(fold(EVENTS), EVENTS)
    assert f"{300_000 - 256 * 1024:,} bytes before this are left out" in page
    assert len(page) < 300_000


def test_the_command_reports_the_newest_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["report"]) == 2
    assert "no run to report on" in capsys.readouterr().err
    path = record.place(tmp_path, "b1")
    with Journal(path.parent) as journal:
        for event in EVENTS:
            journal.write(event)
    record.write(path, fold(EVENTS))
    assert main(["report"]) == 0
    assert capsys.readouterr().out == f"report: {path.with_name('report.html')}\n"
    assert path.with_name("report.html").read_text() == run_html(fold(EVENTS), EVENTS)
    assert main(["report", str(path), "--output", "-"]) == 0
    assert capsys.readouterr().out.startswith("<!doctype html>")
    assert main(["report", str(path), "--output", str(tmp_path / "no/where")]) == 3
