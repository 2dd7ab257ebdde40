"""Somebody else moves the image's name while it is published: what was tested is pushed, or nothing."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import StartRegistry
from ctr_ci import record as records
from testbed import api
from testbed.pushing import ctr_ci, record_of, stored, tags
from testbed.saved import layer

# Names of this process alone: other runs may use the same engine.
NAME, OTHER, KEEP = (f"swapped.example/{name}-{os.getpid()}:1.0" for name in ("app", "other", "keep"))
TIMINGS_S = tuple(round(number * 0.05, 2) for number in range(20))


@pytest.fixture
def tested(tmp_path: Path, engine_socket: str) -> Iterator[str]:
    """The ID of an image whose name a step built and tested, by a record in `tmp_path`."""
    image_id = api.add_image(engine_socket, NAME, layer(good=b"tested\n" * 50_000))
    records.write(records.place(tmp_path, "b-1"), record_of(image_id, NAME))
    yield image_id
    api.untag(engine_socket, NAME)


@pytest.mark.parametrize("after_s", TIMINGS_S)
def test_a_name_that_is_moved_meanwhile_changes_nothing(
    after_s: float, tested: str, tmp_path: Path, engine_socket: str, registry: StartRegistry
) -> None:
    host = registry().host
    other = api.add_image(engine_socket, OTHER, layer(evil=b"never tested\n"))
    api.tag(engine_socket, tested, KEEP)  # or moving the name would remove it

    def swap() -> None:
        time.sleep(after_s)
        api.tag(engine_socket, other, NAME)

    attack = threading.Thread(target=swap)
    attack.start()
    try:
        done = ctr_ci("publish", "--to", f"{host}/team/app", "--tag", "v1", folder=tmp_path)
    finally:
        attack.join()
        api.untag(engine_socket, KEEP)
        api.untag(engine_socket, OTHER)
    assert done.returncode in (0, 1, 2), done.stderr
    if done.returncode == 0:
        config = stored(host, "team/app", "v1")["config"]
        assert isinstance(config, dict)
        assert config["digest"] == tested
    else:
        assert tags(host, "team/app") == []
