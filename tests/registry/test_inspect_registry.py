"""An image in a registry weighs what it weighs in the engine that pushed it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from conftest import StartRegistry
from testbed import api


def inspect(engine: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ctr_ci", "inspect", *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "DOCKER_HOST": f"unix://{engine}", **environment},
        timeout=120,
        check=False,
    )


def test_an_image_in_a_registry_weighs_what_it_does_in_the_engine(
    engine_socket: str, busybox: str, registry: StartRegistry, tmp_path: Path
) -> None:
    store = registry(auth="htpasswd")
    name = f"{store.host}/team/app:1"
    api.tag(engine_socket, busybox, name)
    try:
        docker = ["docker", "-H", f"unix://{engine_socket}"]
        own = {**os.environ, "DOCKER_CONFIG": str(tmp_path)}  # the login stays in here
        subprocess.run(
            [*docker, "login", "-u", store.user, "--password-stdin", store.host],
            input=store.password.encode(),
            capture_output=True,
            check=True,
            env=own,
        )
        subprocess.run([*docker, "push", name], capture_output=True, check=True, env=own)
    finally:
        api.untag(engine_socket, name)
    here = json.loads(inspect(engine_socket, busybox, "--format", "json", "--files").stdout)
    done = inspect(
        "/nonexistent.sock",
        f"registry://{name}",
        "--format",
        "json",
        "--files",
        "--credential",
        f"env:{store.user}:PASS",
        PASS=store.password,
    )
    assert done.returncode == 0, done.stderr
    there = json.loads(done.stdout)
    for part in ("shares", "files", "layers", "packages"):
        assert there[part] == here[part], part
    assert there["image"]["id"] == here["image"]["id"]

    refused = inspect("/nonexistent.sock", f"registry://{name}")
    assert refused.returncode in (2, 3)
    assert "error: " in refused.stderr
    assert "Traceback" not in refused.stderr
    missing = inspect(
        "/nonexistent.sock",
        f"registry://{store.host}/team/app:2",
        "--credential",
        f"env:{store.user}:PASS",
        PASS=store.password,
    )
    assert missing.returncode == 2
    assert "has no 2" in missing.stderr
