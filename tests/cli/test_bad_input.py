"""Every kind of bad input gets one clear message and the documented exit code, through the real command."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.registry import Registry


def ctr_ci(
    folder: Path, *arguments: str, engine: str = "/nonexistent.sock", **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ctr_ci", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "DOCKER_HOST": f"unix://{engine}", **environment},
        check=False,
        timeout=60,
    )


def say_no(done: subprocess.CompletedProcess[str], code: int, *parts: str) -> None:
    """One message (some may be several problems of one file), the exit code, and no traceback."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "error: " in done.stderr
    for part in parts:
        assert part in done.stderr, done.stderr


def test_a_dockerfile_that_is_missing(tmp_path: Path) -> None:
    say_no(ctr_ci(tmp_path, "lint", "Dockerfile"), 2, "Dockerfile")


def test_a_dockerfile_that_is_a_folder_without_any(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").mkdir()
    say_no(ctr_ci(tmp_path, "lint", "Dockerfile"), 2, "Dockerfile")


def test_a_dockerfile_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").symlink_to("Dockerfile")
    say_no(ctr_ci(tmp_path, "lint", "Dockerfile"), 2, "Dockerfile")


def test_an_unknown_rule(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    done = ctr_ci(tmp_path, "lint", "--select", "build-in-ship-imge", "Dockerfile")
    say_no(done, 2, "build-in-ship-imge", "build-in-ship-image")


def test_an_unknown_key_of_the_policy(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "ctr-ci.yaml").write_text("lint:\n  fail-onn: error\n")
    say_no(ctr_ci(tmp_path, "lint", "Dockerfile"), 2, "ctr-ci.yaml:2:3", "fail-onn", "fail-on")


def test_a_config_that_is_missing(tmp_path: Path) -> None:
    say_no(ctr_ci(tmp_path, "run", "."), 2, "cloudbuild.yaml")


def test_a_source_that_is_missing(tmp_path: Path) -> None:
    say_no(ctr_ci(tmp_path, "run", "nowhere"), 2, "nowhere")


def test_broken_yaml_names_the_place(tmp_path: Path) -> None:
    (tmp_path / "cloudbuild.yaml").write_text("steps:\n- name: 'x\n  args: [a]\n")
    say_no(ctr_ci(tmp_path, "run", "."), 2, "cloudbuild.yaml:2:9")


def test_unknown_fields_are_told_all_at_once_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "cloudbuild.yaml").write_text("stepz: []\nsteps:\n- name: x\n  argz: [a]\n")
    done = ctr_ci(tmp_path, "run", ".")
    say_no(done, 2, "cloudbuild.yaml:1:1", "cloudbuild.yaml:4:3", "stepz", "argz", "'steps'", "'args'")


def test_an_unknown_substitution_key(tmp_path: Path) -> None:
    (tmp_path / "cloudbuild.yaml").write_text("steps:\n- name: x\n  args: ['$_TAG']\n")
    say_no(ctr_ci(tmp_path, "run", "."), 2, "cloudbuild.yaml:3:", "_TAG")


def test_an_unknown_option(tmp_path: Path) -> None:
    say_no(ctr_ci(tmp_path, "run", "--substitution", "_A=b"), 2, "--substitution", "--help")


def test_an_engine_that_is_down(tmp_path: Path) -> None:
    (tmp_path / "cloudbuild.yaml").write_text("steps:\n- name: busybox\n  args: ['true']\n")
    say_no(ctr_ci(tmp_path, "run", "."), 3, "/nonexistent.sock", "help: ")


@pytest.fixture
def image(engine_socket: str, busybox: str) -> str:
    return busybox


def publish(
    folder: Path, engine: str, image: str, to: str, password: str
) -> subprocess.CompletedProcess[str]:
    return ctr_ci(
        folder,
        *("publish", "--image", image, "--unverified", "--to", to, "--tag", "v1"),
        *("--credential", "env:somebody:BAD_INPUT_PASSWORD"),
        engine=engine,
        BAD_INPUT_PASSWORD=password,
    )


def test_a_registry_that_is_down(tmp_path: Path, engine_socket: str, image: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    say_no(publish(tmp_path, engine_socket, image, f"{host}/team/app", "pass-word"), 3, host)


def test_a_wrong_password_is_refused_and_not_repeated(
    tmp_path: Path, engine_socket: str, image: str, registry: Callable[..., Registry]
) -> None:
    host = registry(auth="token").host
    done = publish(tmp_path, engine_socket, image, f"{host}/team/app", "wrong-pass-word")
    say_no(done, 3, "credentials refused by")
    assert "wrong-pass-word" not in done.stdout + done.stderr


def test_a_push_without_evidence(tmp_path: Path) -> None:
    say_no(ctr_ci(tmp_path, "publish", "--to", "127.0.0.1:1/team/app"), 2, "ctr-ci run")


def test_an_image_that_is_not_there(tmp_path: Path, engine_socket: str, busybox: str) -> None:
    done = publish(tmp_path, engine_socket, "no-such-image", "127.0.0.1:1/team/app", "pass-word")
    say_no(done, 2, "no-such-image")


def test_a_record_that_was_touched(tmp_path: Path) -> None:
    (tmp_path / "record.json").write_text('{"version": 1, "status": "SUCCESS"}')
    say_no(ctr_ci(tmp_path, "publish", "--record", "record.json"), 2, "record.json")
