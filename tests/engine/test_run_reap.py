"""What `clean` must never take for ours: containers that have our labels only from their image."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from ctr_ci.engine import BUILD_LABEL, OWNER_LABEL, ContainerSpec, connect
from ctr_ci.runner import owner, reap
from testbed import api
from testbed.builds import Builds

NAME = "reap.example/labelled:1"


def dead_owner() -> str:
    """A process of this machine that has ended: our own number with another start."""
    return owner().rpartition("/")[0] + "/1"


@pytest.fixture
def labelled(engine_socket: str) -> Iterator[str]:
    """An image that carries our labels, as `docker commit` of a step's container once made them."""
    label = f'LABEL {BUILD_LABEL}="b-1" {OWNER_LABEL}="{dead_owner()}"'
    yield api.add_image(engine_socket, NAME, b"\0" * 1024, (label,))
    api.untag(engine_socket, NAME)


def test_a_users_container_of_a_labelled_image_stays(engine_socket: str, labelled: str) -> None:
    body = json.dumps({"Image": NAME, "Cmd": ["x"]}).encode()
    made = json.loads(api.call(engine_socket, "POST", "/containers/create", body, "application/json"))["Id"]
    engine = connect(f"unix://{engine_socket}")
    try:
        assert made not in {thing.name for thing in reap(engine)}
        assert json.loads(api.call(engine_socket, "GET", f"/containers/{made}/json"))["Id"] == made
    finally:
        api.call(engine_socket, "DELETE", f"/containers/{made}?force=1")
        engine.close()


def test_a_dead_runs_container_goes(engine_socket: str, busybox: str) -> None:
    engine = connect(f"unix://{engine_socket}")
    try:
        labels = ((BUILD_LABEL, "b-2"), (OWNER_LABEL, dead_owner()))
        made = engine.create(ContainerSpec(busybox, labels, command=("true",)))
        assert ("container", made) in {(thing.kind, thing.name) for thing in reap(engine)}
    finally:
        engine.close()


def test_an_image_that_a_step_commits_says_nothing_of_whose_its_container_was(
    ran: Builds, docker_builder: str, engine_socket: str
) -> None:
    commit = (
        "docker create --name c busybox true && docker commit -c 'LABEL mine=yes' c reap.example/committed"
    )
    done = ran({"name": docker_builder, "entrypoint": "sh", "args": ["-c", commit]})
    assert done.exit == 0, done.err
    try:
        shown = json.loads(api.call(engine_socket, "GET", "/images/reap.example/committed/json"))
        labels = {key: text for key, text in shown["Config"]["Labels"].items() if text}
        assert {key: text for key, text in labels.items() if key != "ctr-ci.testbed"} == {"mine": "yes"}
    finally:
        api.untag(engine_socket, "reap.example/committed")
