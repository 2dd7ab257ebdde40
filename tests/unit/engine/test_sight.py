"""Our paths and those of the engine's host."""

from __future__ import annotations

import pytest

from ctr_ci.engine.sight import Sight, container_id, of_container

ID = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("/__w", "/home/runner/work"),
        ("/__w/app/app", "/home/runner/work/app/app"),
        ("/__w/_temp/x", "/mnt/temp/x"),
        ("/__w/fast/x", None),
        ("/__w/faster/x", None),
        ("/__w/app/../../etc", None),
        ("/__workspace", None),
        ("/tmp/x", None),
        ("/var/run/docker.sock", "/run/user/1000/docker.sock"),
    ],
)
def test_the_innermost_mount_says_what_the_host_calls_a_path(ours: str, theirs: str | None) -> None:
    mounts = [
        {"Type": "bind", "Source": "/home/runner/work", "Destination": "/__w"},
        {"Type": "bind", "Source": "/mnt/temp", "Destination": "/__w/_temp"},
        {"Type": "bind", "Source": "/run/user/1000/docker.sock", "Destination": "/var/run/docker.sock"},
        {"Type": "tmpfs", "Source": "", "Destination": "/tmp"},
        {"Type": "tmpfs", "Source": "", "Destination": "/__w/fast"},
    ]
    host = {"Tmpfs": {"/__w/faster": "size=1g"}}
    assert of_container({"Mounts": mounts, "HostConfig": host}).theirs(ours) == theirs


def test_on_the_engines_host_all_is_as_it_is() -> None:
    assert Sight().theirs("/home/me/app") == "/home/me/app"
    assert Sight().theirs("/") == "/"


@pytest.mark.parametrize(
    ("mounts", "found"),
    [
        (f"9 8 0:1 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw - ext4 /dev/sda rw\n", ID),
        (f"9 8 0:1 /containers/overlay-containers/{ID}/userdata/hosts /etc/hosts rw - tmpfs t rw\n", ID),
        # A host sees the mounts of its containers elsewhere.
        (f"9 8 0:1 / /var/lib/docker/containers/{ID}/mounts/shm rw - tmpfs shm rw\n", ""),
        ("9 8 0:1 /etc/hosts /etc/hosts rw - ext4 /dev/sda rw\n", ""),
        ("", ""),
        ("nonsense\n", ""),
    ],
)
def test_a_container_is_known_by_what_its_engine_mounted(mounts: str, found: str) -> None:
    assert container_id(mounts) == found
