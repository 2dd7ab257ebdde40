"""The test bed itself: what other tests stand on."""

from __future__ import annotations

import json
import subprocess
from urllib.parse import quote

from testbed import api
from testbed.engine import SecondEngine
from testbed.images import ensure_toolchain


def run(engine: str, image: str, *command: str) -> tuple[int, bytes]:
    """Runs a command in a container with the engine's socket inside; exit code and output."""
    body = {
        "Image": image,
        "Cmd": list(command),
        "HostConfig": {"Binds": [f"{engine}:/var/run/docker.sock"], "NetworkMode": "none"},
    }
    made = json.loads(api.call(engine, "POST", "/containers/create", json.dumps(body).encode()))["Id"]
    try:
        api.call(engine, "POST", f"/containers/{made}/start")
        code = json.loads(api.call(engine, "POST", f"/containers/{made}/wait"))["StatusCode"]
        return code, api.call(engine, "GET", f"/containers/{made}/logs?stdout=1&stderr=1")
    finally:
        api.call(engine, "DELETE", f"/containers/{made}?force=1")


def test_busybox_runs_its_applets(engine_socket: str, busybox: str) -> None:
    code, output = run(engine_socket, busybox, "sh", "-c", "echo $((40 + 2)) | grep 42 && date +%Y")
    assert code == 0
    assert b"42" in output


def test_alpine_has_apk_and_a_tmp_folder(engine_socket: str, alpine: str) -> None:
    code, _ = run(engine_socket, alpine, "sh", "-c", "apk add --no-cache curl && touch /tmp/x")
    assert code == 0


def test_docker_builder_reaches_the_engine_whose_socket_it_is_given(
    engine_socket: str, docker_builder: str
) -> None:
    code, output = run(engine_socket, docker_builder, "version", "--format", "{{.Server.Version}}")
    version = json.loads(api.call(engine_socket, "GET", "/version"))["Version"]
    assert code == 0
    assert version.encode() in output


def test_gcloud_builder_answers(engine_socket: str, gcloud_builder: str) -> None:
    code, output = run(engine_socket, gcloud_builder, "config", "get-value", "project")
    assert (code, b"stand-in-project" in output) == (0, True)


def test_a_debian_toolchain_compiles(engine_socket: str) -> None:
    gcc = ensure_toolchain(engine_socket, "gcc")
    code, output = run(
        engine_socket, gcc, "sh", "-c", "echo 'int main(){return 7;}' >a.c && gcc a.c && ./a.out; echo $?"
    )
    assert (code, b"7" in output) == (0, True)


def test_a_second_engine_can_be_killed_and_started_again(
    engine_two: SecondEngine, engine_socket: str
) -> None:
    assert engine_two.socket != engine_socket
    engine_two.kill()
    assert not api.answers(engine_two.socket)
    engine_two.start()
    assert api.answers(engine_two.socket)
    assert api.answers(engine_socket)


def test_an_image_that_the_engine_has_is_not_made_again(engine_socket: str, busybox: str) -> None:
    before = api.image_id(engine_socket, busybox)
    from testbed.images import ensure_busybox

    ensure_busybox(engine_socket)
    assert api.image_id(engine_socket, quote(busybox, safe=":")) == before


def test_the_second_engine_leaves_no_process_behind() -> None:
    from testbed.engine import second_engine

    with second_engine() as engine:
        folder = str(engine.folder)
        engine.kill()
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert folder not in listed
