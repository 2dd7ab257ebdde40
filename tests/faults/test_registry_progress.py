"""How far a push is, as people and logs see it: through a registry that takes its time."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import StartRegistry
from testbed.fault_proxy import Delay, Fault, FaultProxy, Seen
from testbed.pushing import ctr_ci
from testbed.saved import Saved, layer


def slow(seen: Seen) -> Fault | None:
    return Delay(0.7) if seen.method == "PUT" and "uploads" in seen.path else None


@pytest.fixture
def between(registry: StartRegistry) -> Iterator[FaultProxy]:
    proxy = FaultProxy(registry().host, slow).start()
    yield proxy
    proxy.stop()


@pytest.fixture
def words(between: FaultProxy, tmp_path: Path) -> tuple[str, ...]:
    """A push of one noisy layer."""
    (tmp_path / "image.tar").write_bytes(Saved([layer(noise=os.urandom(900_000))]).archive())
    place = ("--to", f"{between.host}/team/app", "--tag", "v1")
    return "publish", "--archive", "image.tar", "--unverified", *place


def on_a_terminal(*words: str, folder: Path, **more: str) -> str:
    """What a terminal gets that is both output and error."""
    ours, theirs = pty.openpty()
    shown = bytearray()

    def listen() -> None:
        while True:
            try:
                data = os.read(ours, 65_536)
            except OSError:
                return
            shown.extend(data)

    process = subprocess.Popen(
        [sys.executable, "-m", "ctr_ci", *words],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env={"PATH": os.environ["PATH"], "HOME": str(folder / "home"), "TERM": "xterm", **more},
    )
    os.close(theirs)
    reader = threading.Thread(target=listen)
    reader.start()
    assert process.wait(timeout=60) == 0, shown
    reader.join(timeout=10)
    os.close(ours)
    return shown.decode()


def test_a_terminal_shows_a_bar_a_blob_that_ends_as_a_line(words: tuple[str, ...], tmp_path: Path) -> None:
    shown = on_a_terminal(*words, folder=tmp_path)
    (arrived,) = [line for line in shown.splitlines() if "uploaded" in line and " 0.90 MB" in line]
    name = arrived.split()[-3]
    assert f"sending   {name} {'━' * 24}" in shown
    assert "0.9 of 0.9 MB" in shown
    last = shown.rpartition("\x1b[J")[2]  # after the bars went: nothing is drawn any more
    assert "━" not in last
    assert "team/app" in last


@pytest.mark.parametrize("more", [{"TERM": "dumb"}, {"CI": "true"}])
def test_a_terminal_that_cannot_draw_gets_lines(
    words: tuple[str, ...], tmp_path: Path, more: dict[str, str]
) -> None:
    shown = on_a_terminal(*words, folder=tmp_path, **more)
    assert "uploaded" in shown
    assert "\x1b" not in shown
    assert "━" not in shown


def test_quiet_and_json_show_no_progress(words: tuple[str, ...], tmp_path: Path) -> None:
    shown = on_a_terminal(*words, "--format", "json", folder=tmp_path)
    assert "━" not in shown
    assert "sending" not in shown
    done = ctr_ci(*words, "--format", "json", "--quiet", folder=tmp_path)
    assert done.stderr == ""
    assert json.loads(done.stdout)["tags"][0]["name"] == "v1"


def test_a_copy_from_registry_to_registry_shows_bars_too(
    words: tuple[str, ...], between: FaultProxy, tmp_path: Path
) -> None:
    assert ctr_ci(*words, folder=tmp_path).returncode == 0
    source = f"{between.upstream}/team/app:v1"
    target = ("--to", f"{between.host}/team/copy", "--unverified")
    shown = on_a_terminal("publish", "--from-registry", source, *target, folder=tmp_path)
    assert f" {'━' * 24}" in shown
