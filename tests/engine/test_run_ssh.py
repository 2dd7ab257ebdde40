"""Builds on an engine at the other end of ssh: a real server, in a container that has the engine's socket."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ctr_ci.engine import connect
from ctr_ci.problem import Exit, InputError, WorldError
from testbed.builds import Builds, sh

SERVE = (
    "mkdir -p /run/sshd && install -D -m 600 /key.pub /root/.ssh/authorized_keys && exec /usr/sbin/sshd -D -e"
)


@pytest.fixture
def ssh_url(
    toolchain: Callable[[str], str], engine_socket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    mounts = (f"{engine_socket}:/var/run/docker.sock", f"{key}.pub:/key.pub:ro")
    binds = [word for mount in mounts for word in ("-v", mount)]
    docker = ["docker", "-H", f"unix://{engine_socket}"]
    run = [*docker, "run", "-d", "--rm", *binds, toolchain("sshd"), "sh", "-c", SERVE]
    server = subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip()
    try:
        form = "{{.NetworkSettings.IPAddress}}"
        inspect = [*docker, "inspect", "-f", form, server]
        host = subprocess.run(inspect, check=True, capture_output=True, text=True).stdout.strip()
        # The user's ssh, with the configuration that a user would have in ~/.ssh/config.
        settings = f"-i {key} -o UserKnownHostsFile={tmp_path}/known -o StrictHostKeyChecking=accept-new"
        program = tmp_path / "bin" / "ssh"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec /usr/bin/ssh {settings} "$@"\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        deadline = time.monotonic() + 30
        while subprocess.run([program, f"root@{host}", "true"], capture_output=True).returncode != 0:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        yield f"ssh://root@{host}"
    finally:
        subprocess.run([*docker, "rm", "-f", server], check=True, capture_output=True)


def test_a_build_runs_through_ssh(ran: Builds, ssh_url: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "file").write_text("carried\n")
    place = tmp_path / "temporary"
    place.mkdir()
    done = ran(sh("cat file; echo more >file"), sh("cat file; exit 3"), source=source, engine=ssh_url)
    assert (done.exit, done.out) == (Exit.NO, "Step #0: carried\nStep #1: more\n")
    with pytest.raises(WorldError, match=r"no container engine at ssh://root@[\d.]+/nowhere: "):
        connect(f"{ssh_url}/nowhere", dict(os.environ))


def test_an_end_of_the_run_is_the_connections(ssh_url: str, tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    engine = connect(ssh_url, environment)
    assert engine.version()
    assert connections(ssh_url) == 1
    engine.close()
    assert connections(ssh_url) == 0


def connections(url: str) -> int:
    """How many ssh processes have this host on their command line."""
    host = url.removeprefix("ssh://")
    found = 0
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:
            continue
        found += words[0].endswith("/ssh") and host in words
    return found


@pytest.mark.parametrize(
    "url", ["ssh://-oProxyCommand=x", "ssh://a:secret@host", "ssh://host:port", "ssh://"]
)
def test_an_address_that_ssh_must_not_see_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="engine address"):
        connect(url)


def test_a_host_that_cannot_be_reached_is_told_in_sshs_words() -> None:
    with pytest.raises(WorldError, match=r"no container engine at ssh://nobody@127\.0\.0\.1:1: .*refused"):
        connect("ssh://nobody@127.0.0.1:1")
