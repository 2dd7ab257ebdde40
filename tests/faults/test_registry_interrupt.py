"""A push that is called off: nothing half published, and the upload that was under way is cancelled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import StartRegistry
from testbed.fault_proxy import Delay, Fault, FaultProxy, Seen
from testbed.pushing import tags
from testbed.saved import Saved, layer


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_in_the_middle_cancels_the_upload_and_moves_no_tag(
    registry: StartRegistry, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    started = registry()
    slow: list[Seen] = []

    def decide(seen: Seen) -> Fault | None:
        if seen.method == "PUT" and "uploads" in seen.path:
            slow.append(seen)
            return Delay(1.5)
        return None

    between = FaultProxy(started.host, decide).start()
    saved = Saved([layer(noise=os.urandom(60_000_000))])
    (tmp_path / "image.tar").write_bytes(saved.archive())
    spools = tmp_path / "tmp"
    spools.mkdir()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "ctr_ci", "publish", "--archive", "image.tar", "--unverified"),
            *("--to", f"{between.host}/team/app", "--tag", "v1"),
        ],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "TMPDIR": str(spools)},
    )
    deadline = time.monotonic() + 30
    while not slow and time.monotonic() < deadline:
        time.sleep(0.02)
    assert slow
    time.sleep(0.2)
    process.send_signal(number)
    output, complaints = process.communicate(timeout=20)
    between.stop()
    assert process.returncode == code, complaints
    assert output == ""
    assert "Traceback" not in complaints
    assert any(seen.method == "DELETE" and "uploads" in seen.path for seen in between.seen)
    assert not any("manifests" in seen.path and seen.method == "PUT" for seen in between.seen)
    assert tags(started.host, "team/app") == []
    assert list(spools.iterdir()) == []
