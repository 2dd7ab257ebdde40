"""A Docker engine: the one that is reachable, else Debian's, installed, started and stopped by us.

Users of an engine that we started hold a shared lock while they use it; who lets go last stops
it. So two test runs and a demo may overlap, and an engine that somebody else runs is never stopped.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

from testbed import api
from testbed.debian import FOLDERS, Missing, needed

SOCKET = "/var/run/docker.sock"
PID_FILE = Path("/var/run/docker.pid")
LOG = Path("/var/log/ctr-ci-testbed-dockerd.log")
OURS = Path("/var/run/ctr-ci-testbed.pid")  # the pid of the engine that we started
USERS = Path(tempfile.gettempdir(), "ctr-ci-testbed-engine.users")
START_S = 30
STOP_S = 20


@dataclass(frozen=True, slots=True)
class Engine:
    """A reachable engine: its unix socket, and how to be done with it."""

    socket: str
    started: bool
    close: Callable[[], None]


def reachable() -> str | None:
    """The unix socket of an engine that answers: of $DOCKER_HOST, the system's, or rootless."""
    places = [SOCKET]
    host = os.environ.get("DOCKER_HOST", "")
    if host.startswith("unix://"):
        places.insert(0, host.removeprefix("unix://"))
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        places.append(f"{runtime}/docker.sock")
    return next((place for place in places if api.answers(place)), None)


def ensure_engine() -> Engine:
    """A reachable engine, installed and started if there is none.

    `close` it at the end (done at exit at the latest). Raises Missing with the way out.
    """
    users = USERS.open("a")
    fcntl.flock(users, fcntl.LOCK_SH)
    socket = reachable()
    started = False
    if socket is None:
        _may_start()
        needed("dockerd", "iptables", "docker")
        started = _start_default()
        socket = SOCKET
    done = False

    def close() -> None:
        nonlocal done
        if not done:
            done = True
            _let_go(users)

    atexit.register(close)
    return Engine(socket, started, close)


def _may_start() -> None:
    if os.geteuid() != 0:
        raise Missing(
            "no Docker engine answers, and only root can start one.\n"
            "help: start Docker (`sudo systemctl start docker`) and join its group, set DOCKER_HOST to\n"
            "help: unix:///path/of/docker.sock, or run this as root on Debian, where it is installed for you"
        )


def _start_default() -> bool:
    with PID_FILE.with_suffix(".pid.ctr-ci-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if api.answers(SOCKET):
            return False
        _forget_dead(PID_FILE, Path("/var/run/docker/containerd/containerd.pid"))
        daemon = _spawn(SOCKET, PID_FILE, LOG)
        OURS.write_text(str(daemon.pid))
        return True


def _forget_dead(*pid_files: Path) -> None:
    """Removes the pid files of the dead: dockerd and containerd take a zombie for a living one."""
    for pid_file in pid_files:
        try:
            status = Path(f"/proc/{int(pid_file.read_text())}/stat").read_text()
        except (OSError, ValueError):
            status = ") Z"
        if status.rpartition(")")[2].split()[0] == "Z":
            pid_file.unlink(missing_ok=True)


def _spawn(
    socket: str, pid_file: Path, log: Path, *more: str, wrap: tuple[str, ...] = (), path: str = FOLDERS
) -> subprocess.Popen[bytes]:
    """Starts dockerd in a session of its own and waits until it answers."""
    with log.open("ab") as out:
        daemon = subprocess.Popen(
            [*wrap, "dockerd", "--pidfile", str(pid_file), "-H", f"unix://{socket}", *more],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env=os.environ | {"PATH": path},
        )
    deadline = time.monotonic() + START_S
    while not api.answers(socket):
        if daemon.poll() is not None or time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-2000:]
            _stop(daemon.pid)
            raise Missing(f"dockerd did not start (log: {log}):\n{tail}")
        time.sleep(0.05)
    daemon.returncode = 0  # it outlives us when others still use it: no warning about that
    return daemon


def _let_go(users: TextIOWrapper) -> None:
    """Gives up our use; stops the engine if the test bed started it and nobody else uses it."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        users.close()
        return
    try:
        number = int(OURS.read_text())
    except (OSError, ValueError):
        number = 0
    try:
        if number and _is_dockerd(number) and PID_FILE.read_text().strip() == str(number):
            _stop(number)
        OURS.unlink(missing_ok=True)
    finally:
        users.close()


def _is_dockerd(number: int) -> bool:
    try:
        return b"dockerd" in Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return False


def _stop(number: int) -> None:
    for kind, patience_s in ((signal.SIGTERM, STOP_S), (signal.SIGKILL, 5)):
        try:
            os.kill(number, kind)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            try:
                if os.waitpid(number, os.WNOHANG)[0]:
                    return
            except ChildProcessError:
                if not Path(f"/proc/{number}").exists():
                    return
            time.sleep(0.05)


@dataclass(slots=True)
class SecondEngine:
    """An engine of our own for destructive tests, in its own network and mount namespace.

    It cannot reach out (no apt, nothing of the host's loopback). `kill` is `kill -9`. `programs`: the
    root of a tree whose dockerd it is (see `debian.docker_of`); `features` of its settings.
    """

    folder: Path
    pid: int
    programs: Path | None = None
    features: tuple[str, ...] = ()

    @property
    def socket(self) -> str:
        return str(self.folder / "docker.sock")

    def kill(self) -> None:
        _kill_tree(self.pid)

    def stop(self) -> None:
        _stop(self.pid)

    def start(self) -> None:
        pid_file = self.folder / "pid"
        _forget_dead(pid_file, self.folder / "exec/containerd/containerd.pid")
        settings = self.folder / "daemon.json"
        settings.write_text(json.dumps({"features": dict.fromkeys(self.features, True)}))
        own = f"{self.programs}/usr/sbin:{self.programs}/usr/bin:" if self.programs else ""
        self.pid = _spawn(
            self.socket,
            pid_file,
            self.folder / "log",
            *("--data-root", str(self.folder / "data"), "--exec-root", str(self.folder / "exec")),
            *("--config-file", str(settings)),
            wrap=("unshare", "-n", "-m", "--"),
            path=own + FOLDERS,
        ).pid


def _kill_tree(number: int) -> None:
    os.kill(number, signal.SIGKILL)
    while Path(f"/proc/{number}").exists():
        try:
            if os.waitpid(number, os.WNOHANG)[0]:
                return
        except ChildProcessError:
            pass
        time.sleep(0.02)


@contextmanager
def second_engine(programs: Path | None = None, features: tuple[str, ...] = ()) -> Iterator[SecondEngine]:
    """A second engine beside the system's, gone without a trace afterwards. Needs root."""
    _may_start()
    needed("dockerd", "iptables", "docker", "unshare")
    folder = Path(tempfile.mkdtemp(prefix="ctr-ci-engine-"))
    engine = SecondEngine(folder, 0, programs, features)
    try:
        engine.start()
        yield engine
    finally:
        if engine.pid:
            if not api.answers(engine.socket):  # its survivors must be removed: start it once more
                engine.start()
            _remove_containers(engine.socket)
            engine.stop()
        _stop_strays(folder)
        _unmount(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _remove_containers(socket: str) -> None:
    found: list[dict[str, str]] = json.loads(api.call(socket, "GET", "/containers/json?all=1"))
    for container in found:
        api.call(socket, "DELETE", f"/containers/{container['Id']}?force=1&v=1")


def _stop_strays(folder: Path) -> None:
    """containerd and shims of a killed engine name its folder in their arguments."""
    mark = str(folder).encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                arguments = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if mark in arguments and b"containerd" in arguments:
                os.kill(int(entry.name), signal.SIGKILL)


def _unmount(folder: Path) -> None:
    for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
        place = line.split()[1]
        if place.startswith(f"{folder}/"):
            subprocess.run(["umount", "-l", place], check=False, capture_output=True)
