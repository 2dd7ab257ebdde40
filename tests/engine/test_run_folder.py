"""The folder of a build: removed even where we may not, by a container; anywhere, whatever its path."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import closing, suppress
from pathlib import Path

import pytest

from ctr_ci.engine import ContainerSpec, connect
from ctr_ci.problem import Problem
from ctr_ci.runner.ledger import Ledger
from testbed.builds import Builds, leftovers


def test_a_folder_that_we_may_not_empty_is_emptied_by_a_container(
    engine_socket: str, busybox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def only_if_empty(path: Path, ignore_errors: bool) -> None:
        """As for a user who owns the folder, and nothing in it."""
        assert ignore_errors
        with suppress(OSError):
            os.rmdir(path)

    folder = tmp_path / "build"
    (folder / "workspace" / "deep").mkdir(parents=True)
    (folder / "workspace" / ".hidden").write_text("x")
    (folder / ".hidden").write_text("x")
    monkeypatch.setattr(shutil, "rmtree", only_if_empty)
    told: list[Problem] = []
    with closing(connect(f"unix://{engine_socket}")) as engine:
        ledger = Ledger(engine, "test-of-a-folder", "nobody", folder, told.append)
        ledger.container(ContainerSpec(busybox, ledger.labels, name=ledger.name("step")))
        ledger.close()
    assert told == []
    assert not folder.exists()
    assert leftovers(engine_socket, "test-of-a-folder") == []


def test_a_folder_that_stays_is_told_with_a_way_out(
    engine_socket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "rmtree", lambda path, ignore_errors: None)
    told: list[Problem] = []
    with closing(connect(f"unix://{engine_socket}")) as engine:
        Ledger(engine, "test-of-a-folder", "nobody", tmp_path, told.append).close()
    assert [problem.help for problem in told] == [f"sudo rm -r {tmp_path}"]


def test_a_long_path_of_temporary_files_is_no_obstacle(
    ran: Builds, docker_builder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / ("x" * 120)
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    done = ran({"name": docker_builder, "args": ["run", "--rm", ran.image, "echo", "through our socket"]})
    assert done.out == "through our socket\n"
    assert list(place.iterdir()) == []
