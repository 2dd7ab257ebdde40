"""Whether the process that made a thing still lives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ctr_ci.engine import Engine, Owned, mark
from ctr_ci.runner import owner, reap
from ctr_ci.runner.owner import dead

OWNER = "from ctr_ci.runner import owner; print(owner(), flush=True); input()"
MARK = "from ctr_ci.engine import mark; print(mark())"


def test_a_living_process_is_not_dead() -> None:
    assert not dead(owner())


def test_a_process_is_dead_when_it_has_ended_even_unwaited_for() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdin
    name = process.stdout.readline().strip()
    assert not dead(name)
    process.stdin.close()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert dead(name)
    process.wait()
    process.stdout.close()
    assert dead(name)


def test_a_reused_pid_is_another_process() -> None:
    place, pid, ticks = owner().split("/")
    assert dead(f"{place}/{pid}/{int(ticks) - 1}")


def test_an_earlier_boot_is_dead() -> None:
    place, pid, ticks = owner().split("/")
    machine, _, namespace = place.split(".")
    assert dead(f"{machine}.0000.{namespace}/{pid}/{ticks}")


def test_what_cannot_be_known_is_left_alone() -> None:
    place, _, _ = owner().split("/")
    machine, boot, namespace = place.split(".")
    assert not dead(f"other.{boot}.{namespace}/999999999/1")
    assert not dead(f"{machine}.{boot}.1/999999999/1")
    assert not dead("")
    assert not dead("somebody")


class Empty:
    """An engine that has nothing of ours."""

    def owned(self) -> tuple[Owned, ...]:
        return ()


@pytest.mark.parametrize("written", [None, ""])
def test_a_folder_whose_maker_was_killed_before_it_wrote_its_name_goes(
    tmp_path: Path, written: str | None
) -> None:
    ended = subprocess.run([sys.executable, "-c", MARK], capture_output=True, text=True, check=True)
    folders = {
        "ended": tmp_path / f"ctr-ci-{ended.stdout.strip()}-abc",
        "living": tmp_path / f"ctr-ci-{mark()}-abc",
        "another's": tmp_path / "ctr-ci-abc",
    }
    for folder in folders.values():
        folder.mkdir()
        if written is not None:
            (folder / "owner").write_text(written)
    engine: Engine = Empty()  # type: ignore[assignment]
    assert [thing.name for thing in reap(engine, tmp_path)] == [str(folders["ended"])]
    assert sorted(tmp_path.iterdir()) == sorted([folders["living"], folders["another's"]])
