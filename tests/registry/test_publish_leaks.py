"""Where a credential could go besides the registry: other processes, dumps, errors, what a proxy's
address holds. Files, arguments, environments and logs are looked through in test_publish_command."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import StartRegistry
from testbed.debian import command
from testbed.fault_proxy import Delay, FaultProxy
from testbed.pushing import ctr_ci
from testbed.saved import Saved, layer

CANARY = "canary-word-of-the-user"
# As a user's processes are: they may look into each other's memory, without root's capabilities.
ORDINARY = () if os.geteuid() else (command("setpriv"), "--bounding-set=-all")


@pytest.fixture
def pushing(registry: StartRegistry, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A push that has read its password and is under way."""
    between = FaultProxy(registry().host, lambda seen: Delay(1.0)).start()
    (tmp_path / "image.tar").write_bytes(Saved([layer(app=b"app")]).archive())
    process = subprocess.Popen(
        [
            *(*ORDINARY, sys.executable, "-m", "ctr_ci", "publish", "--archive", "image.tar", "--unverified"),
            *("--to", f"{between.host}/team/app:v1", "--credential", "env:ci:WORD"),
        ],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "WORD": CANARY},
    )
    deadline = time.monotonic() + 30
    while not between.seen and time.monotonic() < deadline:
        time.sleep(0.02)
    assert between.seen
    yield process
    process.kill()
    process.communicate()
    between.stop()


def by_a_neighbour(file: str, process: subprocess.Popen[bytes]) -> subprocess.CompletedProcess[bytes]:
    words = [*ORDINARY, "head", "-c", "100", f"/proc/{process.pid}/{file}"]
    return subprocess.run(words, capture_output=True, check=False)


def test_a_neighbour_of_the_same_user_cannot_read_memory_or_environment(
    pushing: subprocess.Popen[bytes],
) -> None:
    with subprocess.Popen([*ORDINARY, "sleep", "30"], env={"WORD": CANARY}) as other:
        deadline = time.monotonic() + 10
        while not (seen := by_a_neighbour("environ", other).stdout) and time.monotonic() < deadline:
            time.sleep(0.02)  # until it has become `sleep`
        assert CANARY.encode() in seen  # of another process it is there to read
        other.kill()
    for file in ("environ", "maps", "mem"):
        done = by_a_neighbour(file, pushing)
        assert done.returncode != 0
        assert done.stdout == b""
        assert b"ermission denied" in done.stderr


def test_nothing_of_it_comes_into_a_core_dump(pushing: subprocess.Popen[bytes]) -> None:
    limits = Path(f"/proc/{pushing.pid}/limits").read_text().splitlines()
    (core,) = [line.split()[4:6] for line in limits if line.startswith("Max core file size")]
    assert core == ["0", "0"]


def test_a_proxys_password_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "image.tar").write_bytes(Saved([layer(app=b"app")]).archive())
    words = ("publish", "--archive", "image.tar", "--unverified", "--to", "registry.test/team/app:v1")
    done = ctr_ci(*words, folder=tmp_path, HTTPS_PROXY=f"http://me:{CANARY}@127.0.0.1:9")
    assert done.returncode == 3
    assert "registry.test" in done.stderr
    assert CANARY not in done.stdout + done.stderr
