"""A full disk is told, ends the build, and leaves nothing in the engine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ctr_ci import record
from ctr_ci.problem import WorldError
from testbed.builds import Builds, leftovers, sh


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A folder that holds one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "ctr-ci-test", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_ends_the_build_and_leaves_nothing(engine_socket: str, busybox: str, small: Path) -> None:
    build = Builds(engine_socket, busybox, small)
    with pytest.raises(WorldError, match="no space left on device"):
        build(sh("head -c 4000000 /dev/zero | tr '\\0' '\\n'"), sh("sleep 60"))
    done = record.read(small / "record-1.json")
    assert leftovers(engine_socket, done.build_id) == []
