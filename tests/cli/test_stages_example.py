"""The example with stages and gates: what passes is published, what fails stops before the release."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import StartRegistry
from testbed.pushing import tags

EXAMPLE = Path(__file__).parents[2] / "examples/stages"


@pytest.fixture
def source(tmp_path: Path, docker_builder: str, alpine: str, busybox: str) -> Path:
    shutil.copytree(EXAMPLE, tmp_path / "stages")
    return tmp_path / "stages"


def ctr_ci(folder: Path, engine: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ctr_ci", *arguments],
        cwd=folder,
        env={**os.environ, "DOCKER_HOST": f"unix://{engine}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def steps(folder: Path) -> dict[str, str]:
    (record,) = folder.glob(".ctr-ci/runs/*/record.json")
    return {step["id"]: step["status"] for step in json.loads(record.read_text())["steps"]}


def test_all_stages_pass_and_the_image_is_published(
    source: Path, engine_socket: str, registry: StartRegistry
) -> None:
    done = ctr_ci(source, engine_socket, "run", ".")
    assert done.returncode == 0, done.stderr
    assert set(steps(source).values()) == {"SUCCESS"}
    log = done.stderr
    assert log.index("Finished Step #2") < log.index('Starting Step #3 - "release"')
    assert log.index('Finished Step #1 - "unit"') < log.index('Starting Step #3 - "release"')
    host = registry().host
    pushed = ctr_ci(source, engine_socket, "publish", "--to", f"{host}/team/greeter", "--tag", "v1")
    assert pushed.returncode == 0, pushed.stderr
    assert tags(host, "team/greeter") == ["v1"]


def test_a_failed_test_stage_stops_the_release_and_the_push_in_two_lines(
    source: Path, engine_socket: str, registry: StartRegistry
) -> None:
    done = ctr_ci(source, engine_socket, "run", ".", "--substitutions", "_NAME=Bob")
    assert done.returncode == 1
    assert steps(source)["unit"] == "FAILURE"
    assert steps(source)["release"] == "QUEUED"
    assert "this would deploy" not in done.stdout
    host = registry().host
    refused = ctr_ci(source, engine_socket, "publish", "--to", f"{host}/team/greeter", "--tag", "v1")
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 2
    assert "unit" in refused.stderr.splitlines()[0]
    assert refused.stderr.splitlines()[1].startswith("help: ")
    assert tags(host, "team/greeter") == []


def test_a_failed_gate_is_named_and_nothing_is_published(
    source: Path, engine_socket: str, registry: StartRegistry
) -> None:
    dockerfile = source / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text().replace("USER 10001\n", ""))
    done = ctr_ci(source, engine_socket, "run", ".")
    assert done.returncode == 1
    assert "gate nobody: failed" in done.stderr
    host = registry().host
    refused = ctr_ci(source, engine_socket, "publish", "--to", f"{host}/team/greeter", "--tag", "v1")
    assert refused.returncode == 1
    assert "nobody" in refused.stderr
    assert tags(host, "team/greeter") == []
