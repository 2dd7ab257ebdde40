"""`steps: {ID: {allow: [...]}}` of ctr-ci.yaml opens one rule for one step, loudly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

CTR_CI = (sys.executable, "-m", "ctr_ci")
SYSCTL = "kernel.msgmax=1024"
CONFIG = {
    "steps": [
        {
            "id": "tune",
            "name": "gcr.io/cloud-builders/docker",
            "args": ["run", "--rm", "--sysctl", SYSCTL, "busybox", "cat", "/proc/sys/kernel/msgmax"],
        }
    ]
}


def run(folder: Path, engine: str, policy: str) -> tuple[subprocess.CompletedProcess[str], dict[str, object]]:
    (folder / "cloudbuild.json").write_text(json.dumps(CONFIG))
    (folder / "ctr-ci.yaml").write_text(policy)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "ctr_ci",
            "run",
            ".",
            "--config",
            "cloudbuild.json",
            "--record",
            "record.json",
        ],
        cwd=folder,
        env={**os.environ, "DOCKER_HOST": f"unix://{engine}"},
        capture_output=True,
        text=True,
        check=False,
    )
    record = folder / "record.json"
    return done, json.loads(record.read_text()) if record.exists() else {}


def test_what_is_not_allowed_is_refused_and_the_way_is_named(
    tmp_path: Path, engine_socket: str, docker_builder: str, busybox: str
) -> None:
    done, record = run(tmp_path, engine_socket, "{}\n")
    assert done.returncode == 1
    assert "sysctls" in done.stdout + done.stderr
    assert record["allowed"] == []


def test_an_allowed_rule_is_open_and_the_record_says_so(
    tmp_path: Path, engine_socket: str, docker_builder: str, busybox: str
) -> None:
    done, record = run(tmp_path, engine_socket, "steps: {tune: {allow: [sysctls]}}\n")
    assert (done.returncode, done.stdout) == (0, "1024\n")
    assert "ctr-ci.yaml allows its containers sysctls" in done.stderr
    assert record["allowed"] == [{"step": 0, "rule": "sysctls"}]


def test_a_step_that_is_not_there_is_told_before_anything_starts(
    tmp_path: Path, engine_socket: str, docker_builder: str
) -> None:
    done, record = run(tmp_path, engine_socket, "steps: {tuna: {allow: [sysctls]}}\n")
    assert done.returncode == 2
    assert "ctr-ci.yaml:1:9: error: no step 'tuna'" in done.stderr
    assert "did you mean 'tune'?" in done.stderr
    assert record == {}
