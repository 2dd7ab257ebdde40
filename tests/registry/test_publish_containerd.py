"""Newer engines, with the graph driver's store and with containerd's, where an image's ID is the digest
of its manifest (or index) and not of its config."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import StartRegistry
from testbed import api
from testbed.debian import docker_of
from testbed.engine import SecondEngine, second_engine
from testbed.pushing import blob, ctr_ci, stored
from testbed.saved import Saved, digest, layer


@pytest.fixture(params=[(), ("containerd-snapshotter",)], ids=["graph driver", "containerd"], scope="module")
def engine(request: pytest.FixtureRequest) -> Iterator[SecondEngine]:
    with second_engine(docker_of("trixie"), request.param) as engine:
        yield engine


def test_the_tested_id_is_what_arrives_from_either_store(
    engine: SecondEngine, registry: StartRegistry, tmp_path: Path
) -> None:
    saved = Saved([layer(app=b"app" * 9_000), layer(noise=os.urandom(200_000))])
    listing = [
        {**one, "RepoTags": ["team/app:v1"]}
        for one in json.loads(next(raw for name, raw in saved.entries if name == "manifest.json"))
    ]
    saved.replace("manifest.json", json.dumps(listing).encode())
    api.call(engine.socket, "POST", "/images/load", saved.archive(), "application/x-tar")
    image_id = api.image_id(engine.socket, "team/app:v1")
    host = registry().host
    words = ("publish", "--image", "team/app:v1", "--unverified", "--to", f"{host}/team/app:v1")
    where = ("--engine", f"unix://{engine.socket}", "--format", "json")
    done = ctr_ci(*words, *where, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    receipt = json.loads(done.stdout)
    found = stored(host, "team/app", "v1")
    assert found["config"]["digest"] == saved.image_id  # type: ignore[index]
    assert image_id in (saved.image_id, receipt["digest"])
    assert receipt["image_id"] == image_id
    for one in found["layers"]:  # type: ignore[attr-defined]
        assert digest(blob(host, "team/app", one["digest"])) == one["digest"]
    again = ctr_ci(*words, *where, folder=tmp_path)
    assert json.loads(again.stdout)["digest"] == receipt["digest"]
    assert {one["how"] for one in json.loads(again.stdout)["blobs"]} == {"existing"}
