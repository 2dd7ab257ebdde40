"""Debian packages that the test bed needs, installed when they are missing."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# command or file -> package; commands in the system's own folders, since PATH may lack sbin.
PACKAGES = {
    KEYRING: "debian-archive-keyring",
    "dockerd": "docker.io",
    "docker": "docker.io",
    "iptables": "iptables",
    "busybox": "busybox-static",
    "docker-registry": "docker-registry",
    "skopeo": "skopeo",
    "mmdebstrap": "mmdebstrap",
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "npm": "npm",
    "umoci": "umoci",
    "rpm": "rpm",
    "rpmbuild": "rpm",
    "xmllint": "libxml2-utils",
    "zsh": "zsh",
    "fish": "fish",
}
# Programs that stable Debian has not, or too old. They run here (glibc 2.34 or newer) and are not installed.
TESTING = ("cosign", "crane", "oras")
# Of other releases, beside the system's own: see docker_of.
DOCKER = ("docker.io", "docker-cli", "docker-buildx", "docker-compose", "containerd")
FOLDERS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Missing(RuntimeError):
    """A part of the test bed is missing and cannot be installed from here; says what to do."""


def cache() -> Path:
    """The folder of what takes long to make and stays the same between runs."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "ctr-ci-testbed")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def command(name: str) -> str:
    """The path of a command, its package installed first if need be. Raises Missing."""
    needed(name)
    found = find(name)
    if found is None:
        raise Missing(f"{name} is missing although package {PACKAGES[name]} is installed")
    return found


def find(name: str) -> str | None:
    """Debian's own command, before one of the same name put in /usr/local; or a file."""
    if name.startswith("/"):
        return name if os.path.exists(name) else None
    for folder in ("/usr/bin", "/usr/sbin"):
        if os.access(f"{folder}/{name}", os.X_OK):
            return f"{folder}/{name}"
    return shutil.which(name, path=FOLDERS)


def needed(*names: str) -> None:
    """Installs the packages of those commands that are not there. Raises Missing."""
    absent = [name for name in names if find(name) is None]
    packages = sorted({PACKAGES[name] for name in absent})
    if not packages:
        return
    if os.geteuid() != 0 or shutil.which("apt-get", path=FOLDERS) is None:
        raise Missing(
            f"{', '.join(absent)} not found.\n"
            f"help: install it: sudo apt-get install --no-install-recommends {' '.join(packages)}"
        )
    lock_path = Path(tempfile.gettempdir(), "ctr-ci-testbed-apt.lock")
    with lock_path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install([p for p in packages if any(find(n) is None for n in absent if PACKAGES[n] == p)])


def testing_tool(name: str) -> Path:
    """The path of one of TESTING, from Debian testing (10 s) unless the cache has it. Raises Missing."""
    assert name in TESTING
    program = cache() / f"testing-{name}"
    with _alone(program):
        if not program.exists():
            with _unpacked("testing", name) as files:
                (files / "usr/bin" / name).rename(program)
    return program


def docker_of(suite: str) -> Path:
    """The root of a tree with Docker's engine, command line, buildx and compose of a Debian release, from
    its packages (20 s) unless the cache has it. Raises Missing."""
    tree = cache() / f"docker-{suite}"
    with _alone(tree):
        if not tree.exists():
            with _unpacked(suite, *DOCKER) as files:
                files.rename(tree)
    return tree


@contextmanager
def _alone(made: Path) -> Iterator[None]:
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _unpacked(suite: str, *packages: str) -> Iterator[Path]:
    """The files of packages of a Debian release, by an apt with lists and archives of its own."""
    needed(KEYRING)
    with tempfile.TemporaryDirectory(dir=cache()) as scratch:
        work = Path(scratch)
        sources, lists, archives = (work / each for each in ("sources.list", "lists", "archives"))
        sources.write_text(f"deb [signed-by={KEYRING}] http://deb.debian.org/debian {suite} main\n")
        for folder in (lists / "partial", archives / "archives/partial"):
            folder.mkdir(parents=True)
        apt = [
            *("apt-get", "-q", "-o", f"Dir::Etc::sourcelist={sources}", "-o", "Dir::Etc::sourceparts=-"),
            *("-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={archives}"),
            *("-o", "APT::Sandbox::User=root", "-o", "Acquire::Languages=none", "-o", "Acquire::Retries=3"),
        ]
        _run([*apt, "update"], work)
        _run([*apt, "download", *packages], work)
        for package in work.glob("*.deb"):
            _run(["dpkg-deb", "-x", str(package), "files"], work)
        yield work / "files"


def _run(words: list[str], folder: Path) -> None:
    done = subprocess.run(
        words,
        cwd=folder,
        env=os.environ | {"PATH": FOLDERS},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise Missing(f"{' '.join(words)} failed:\n{done.stdout[-2000:]}")


def _install(packages: list[str]) -> None:
    if not packages:
        return
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with tempfile.TemporaryDirectory() as scratch:
        # No service may start on installation: the test bed starts (and stops) its own.
        policy = Path(scratch, "policy-rc.d")
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
        environment |= {"PATH": FOLDERS, "POLICYRCD": str(policy)}
        install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
        for attempt in (["apt-get", "update"], install):
            done = subprocess.run(
                attempt,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            # A foreign source that cannot be reached fails `update`; Debian's may still be fine.
            if done.returncode and attempt is install:
                raise Missing(f"{' '.join(attempt)} failed:\n{done.stdout[-2000:]}")
