"""The action inside a container job: our paths are not those of the engine's host."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from testbed import api, debian
from testbed.builds import leftovers

ROOT = Path(__file__).parents[2]
PROJECT = "container-job"


@dataclass(frozen=True)
class Job:
    """A container job as GitHub's runner makes one: `/__w` is a folder of the host under another name."""

    socket: str
    image: str
    host: Path

    def __call__(
        self, *mounts: str, temp: str = "/__w/_temp", before: str = "true", **inputs: str
    ) -> subprocess.CompletedProcess[str]:
        seen = dict.fromkeys(["/usr", "/lib", "/lib64", sys.base_prefix, sys.prefix, str(ROOT)])
        arguments = [debian.command("docker"), "-H", f"unix://{self.socket}", "run", "--rm", "--network=none"]
        arguments += [f"-v{path}:{path}:ro" for path in seen if Path(path).exists()]
        arguments += [f"-v{self.socket}:/var/run/docker.sock", f"-v{self.host}:/__w", "-w/__w/app/app"]
        arguments += [f"-v{mount}" for mount in mounts]
        variables = {
            "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
            "HOME": "/__w/_temp",
            "RUNNER_TEMP": temp,
            "GITHUB_WORKSPACE": "/__w/app/app",
            "GITHUB_OUTPUT": "/__w/_temp/output",
            "CTR_CI_INPUT_INSTALL": "never",
            "CTR_CI_INPUT_DOCKERFILE": "none",
            "CTR_CI_INPUT_CONFIG": "cloudbuild.yaml",
            "CTR_CI_INPUT_PROJECT": PROJECT,
        } | {f"CTR_CI_INPUT_{name.upper()}": text for name, text in inputs.items()}
        arguments += [f"-e{name}={text}" for name, text in variables.items()]
        done = subprocess.run(
            [*arguments, self.image, "bash", "-c", f"{before} && exec {ROOT}/scripts/action.sh"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for record in self.host.glob("_temp/ctr-ci-*/record.json"):
            assert leftovers(self.socket, json.loads(record.read_text())["build_id"]) == []
        return done


@pytest.fixture
def job(tmp_path: Path, engine_socket: str, busybox: str, alpine: str, docker_builder: str) -> Iterator[Job]:
    for folder in ("app/app", "_temp"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copytree(ROOT / "examples/quickstart", tmp_path / "app/app", dirs_exist_ok=True)
    yield Job(engine_socket, busybox, tmp_path)
    api.untag(engine_socket, f"gcr.io/{PROJECT}/quickstart-image:latest")


def test_a_container_job_builds_and_tests_as_a_job_on_the_host_does(job: Job) -> None:
    done = job()
    assert done.returncode == 0, done.stdout
    assert "Hello, world!" in done.stdout
    assert "status<<" in (job.host / "_temp/output").read_text()


def test_steps_of_a_container_job_may_mount_their_workspace(job: Job) -> None:
    mount = "cd /workspace && docker run --rm -v /workspace/quickstart.sh:/it:ro -v /workspace:/w busybox "
    (job.host / "app/app/cloudbuild.yaml").write_text(
        "steps:\n"
        "- name: gcr.io/cloud-builders/docker\n"
        "  entrypoint: sh\n"
        f"  args: [-c, '{mount} sh -c \"head -c 9 /it; ls /w\"']\n"
    )
    done = job()
    assert done.returncode == 0, done.stdout
    assert "#!/bin/sh" in done.stdout
    assert "Dockerfile" in done.stdout


def test_without_a_mounted_place_for_temporary_files_the_repositorys_own_folder_serves(job: Job) -> None:
    done = job(temp="/tmp")
    assert done.returncode == 0, done.stdout
    assert "Hello, world!" in done.stdout
    assert not list((job.host / "app/app/.ctr-ci").glob("ctr-ci-*"))


def test_where_the_engine_can_see_no_place_of_the_job_files_are_carried_and_steps_get_no_docker(
    job: Job,
) -> None:
    config = "steps: [{name: busybox, args: [cat, quickstart.sh]}]\n"
    (job.host / "app/app/cloudbuild.yaml").write_text(config)
    done = job(temp="/tmp", before="cp -r /__w/app/app /hidden && cd /hidden")
    assert done.returncode == 0, done.stdout
    assert "Hello, world!" in done.stdout
    assert "warning: steps get no Docker" in done.stdout
    assert "mount a folder of its host" in done.stdout
