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


def test_a_step_cannot_move_a_pulled_name_that_its_config_does_not_speak_of(
    ran: Builds, pushed: str, docker_builder: str
) -> None:
    api.call(ran.socket, "POST", f"/images/create?fromImage={quote(pushed, safe='')}&tag=1")
    before = image_id(ran, f"{pushed}:1")
    host, _, path = pushed.partition("/")
    script = f"#!/bin/sh\ndocker tag {docker_builder} {{}}:1"
    hidden: dict[str, object] = {"name": docker_builder, "script": script.format(f'{host}""/{path}')}
    refused = ran(hidden)
    assert refused.exit is not Exit.DONE
    assert "rule foreign-name" in refused.out + refused.err
    assert image_id(ran, f"{pushed}:1") == before

    spoken: dict[str, object] = {"name": docker_builder, "script": script.format(pushed)}
    assert ran(spoken).exit is Exit.DONE
    assert image_id(ran, f"{pushed}:1") != before
    assert ran(hidden).exit is Exit.DONE, "no registry knows of the image that it means now"


def test_a_projects_own_image_may_be_rebuilt_though_it_was_pulled(
    ran: Builds, busybox: str, registry: StartRegistry, docker_builder: str
) -> None:
    name = f"{registry().host}/local-project/box"
    try:
        for command in (["tag", busybox, f"{name}:1"], ["push", "-q", f"{name}:1"]):
            docker = ["docker", "-H", f"unix://{ran.socket}", *command]
            subprocess.run(docker, check=True, stdout=subprocess.DEVNULL)
        script = f"#!/bin/sh\ndocker tag {docker_builder} {name.replace('/', '/' + chr(34) * 2, 1)}:1"
        assert ran({"name": docker_builder, "script": script}).exit is Exit.DONE
        assert image_id(ran, f"{name}:1") == image_id(ran, docker_builder)
    finally:
        remove_images(ran.socket, name)


def image_id(ran: Builds, name: str) -> str:
    return str(json.loads(api.call(ran.socket, "GET", f"/images/{quote(name)}/json"))["Id"])
