"""`make demo`, as somebody who has just cloned the repository runs it."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from testbed import api

ROOT = Path(__file__).parents[2]


def demo(**variables: str) -> tuple[int, str]:
    done = subprocess.run(
        ["make", "demo"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "KEEP"} | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout


def left(engine: str) -> tuple[set[str], set[str], set[str]]:
    """What there is of containers and networks of ours, image names, and registries."""
    filters = quote(json.dumps({"label": ["ctr-ci.build"]}))
    ours = {
        entry["Id"]
        for kind, key in (("containers/json?all=1&", "Id"), ("networks?", "Id"))
        for entry in json.loads(api.call(engine, "GET", f"/{kind}filters={filters}"))
    }
    names = {
        name
        for image in json.loads(api.call(engine, "GET", "/images/json"))
        for name in image["RepoTags"] or ()
        if name.startswith(("gcr.io/demo/", "127.0.0.1:"))
    }
    return ours, names, {str(path) for path in Path("/dev/shm").glob("ctr-ci-registry-*")}


def test_the_demo_shows_the_main_job_and_leaves_nothing(engine_socket: str) -> None:
    before = left(engine_socket)
    code, said = demo()
    assert code == 0, said
    assert "build-in-ship-image" in said
    assert re.search(r"published 127\.0\.0\.1:\d+/team/quickstart@sha256:[0-9a-f]{64}", said)
    assert "nothing else: repository:team/quickstart:pull,push" in said
    assert said.count("Hello, world!") >= 2
    assert "error: nothing may be pushed: step test" in said
    assert "No token was asked for" in said
    after = left(engine_socket)
    assert (after[0] - before[0], after[1] - before[1]) == (set(), set())


@pytest.mark.parametrize("again", [1, 2])
def test_the_demo_works_again_and_is_kept_on_request(engine_socket: str, again: int) -> None:
    code, said = demo(KEEP="1")
    assert code == 0, said
    kept = re.search(r"kill (\d+)", said)
    assert kept, said
    host = re.search(r"--to (127\.0\.0\.1:\d+)/", said)
    assert host
    try:
        connection = http.client.HTTPConnection(host[1], timeout=5)
        connection.request("GET", "/v2/")
        assert connection.getresponse().status == 401
        connection.close()
    finally:
        os.kill(int(kept[1]), signal.SIGTERM)
    deadline = time.monotonic() + 20
    while Path(f"/proc/{kept[1]}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(name.startswith((host[1], "gcr.io/demo/")) for name in left(engine_socket)[1])
