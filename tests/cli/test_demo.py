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


def left(engine: str, said: str) -> list[str]:
    """What the engine still has of the builds that the demo showed, and of its image names."""
    found = []
    for build in re.findall(r'starting build "([0-9a-f-]+)"', said):
        filters = quote(json.dumps({"label": [f"ctr-ci.build={build}"]}))
        for kind in (f"containers/json?all=1&filters={filters}", f"networks?filters={filters}"):
            found += [entry["Id"] for entry in json.loads(api.call(engine, "GET", f"/{kind}"))]
    hosts = tuple(set(re.findall(r"127\.0\.0\.1:\d+/", said)))
    for image in json.loads(api.call(engine, "GET", "/images/json")):
        found += [name for name in image["RepoTags"] or () if name.startswith(("gcr.io/demo/", *hosts))]
    return found


def test_the_demo_shows_the_main_job_and_leaves_nothing(engine_socket: str) -> None:
    code, said = demo()
    assert code == 0, said
    assert "build-in-ship-image" in said
    assert re.search(r"published 127\.0\.0\.1:\d+/team/quickstart@sha256:[0-9a-f]{64}", said)
    assert "nothing else: repository:team/quickstart:pull,push" in said
    assert said.count("Hello, world!") >= 2
    assert "error: nothing may be pushed: step test" in said
    assert "No token was asked for" in said
    assert said.count("starting build") == 2
    assert left(engine_socket, said) == []


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
    assert left(engine_socket, said) == []
