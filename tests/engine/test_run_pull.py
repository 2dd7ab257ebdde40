"""Images that steps name by digest, or that must be pulled first."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from conftest import StartRegistry
from ctr_ci.problem import Exit
from testbed import api
from testbed.builds import Builds, remove_images


@pytest.fixture
def pushed(engine_socket: str, busybox: str, registry: StartRegistry) -> Iterator[str]:
    """`HOST/team/box` with the tag 1 in a registry of the test's own, and not in the engine."""
    name = f"{registry().host}/team/box"
    for command in (["tag", busybox, f"{name}:1"], ["push", "-q", f"{name}:1"]):
        docker = ["docker", "-H", f"unix://{engine_socket}", *command]
        subprocess.run(docker, check=True, stdout=subprocess.DEVNULL)
    remove_images(engine_socket, name)
    yield name
    remove_images(engine_socket, name)


def test_a_missing_image_is_pulled_once_and_told(ran: Builds, pushed: str) -> None:
    step: dict[str, object] = {"name": f"{pushed}:1", "args": ["echo", "hi"]}
    done = ran(step, step)
    assert done.exit is Exit.DONE
    assert done.out == "Step #0: hi\nStep #1: hi\n"
    assert done.err.count(f"Pulling image: {pushed}:1\n") == 1
    assert f"Step #1: Already have image: {pushed}:1\n" in done.err


def test_an_image_by_tag_and_digest_is_that_very_image(ran: Builds, pushed: str) -> None:
    assert ran({"name": f"{pushed}:1", "args": ["true"]}).exit is Exit.DONE
    found = json.loads(api.call(ran.socket, "GET", f"/images/{quote(pushed)}:1/json"))
    digest = found["RepoDigests"][0].rpartition("@")[2]
    done = ran({"name": f"{pushed}:1@{digest}", "args": ["echo", "hi"]}, pull="never")
    assert (done.out, done.record.steps[0].image_id) == ("hi\n", found["Id"])


def test_an_image_is_pulled_again_if_asked(ran: Builds, pushed: str) -> None:
    step: dict[str, object] = {"name": f"{pushed}:1", "args": ["true"]}
    ran(step)
    assert "Pulling image" in ran(step, pull="always").err
    assert "Pulling image" not in ran(step).err
