"""`ctr-ci publish` against `docker push` and `skopeo copy`: the same image to fresh local registries.

    python benchmarks/push.py [IMAGE] [--rounds N]

First push, again unchanged, and with one small changed layer. Wall and CPU seconds (the client and
the engine together), bytes that the registry took, and our peak memory. Needs root (the engine's
CPU time is read from /proc), docker, skopeo and docker-registry.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from testbed import registry as registries

TICKS = os.sysconf("SC_CLK_TCK")
ENGINE = {"dockerd", "containerd"}


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds, and bytes that were stored; `peak_mb` is the client's largest memory."""

    wall: float
    cpu: float
    stored_mb: float
    peak_mb: float


def engine_cpu() -> float:
    """CPU seconds so far of the engine's processes in our network namespace."""
    total = 0
    own = os.readlink("/proc/self/ns/net")
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().partition("(")[2].partition(")")
            if name not in ENGINE or os.readlink(stat.with_name("ns") / "net") != own:
                continue
        except OSError:
            continue
        fields = rest.split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def stored(registry: registries.Registry) -> int:
    return sum(p.stat().st_size for p in (registry.folder / "storage").rglob("data") if p.is_file())


def measured(command: list[str], registry: registries.Registry, environment: dict[str, str]) -> Cost:
    """What one command cost. Fails where it fails."""
    before, engine = stored(registry), engine_cpu()
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=os.environ | environment)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            raise SystemExit(f"{command}: {output.read().decode(errors='replace')}")
    cpu = usage.ru_utime + usage.ru_stime + engine_cpu() - engine
    return Cost(wall, cpu, (stored(registry) - before) / 1e6, usage.ru_maxrss / 1024)


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


class Peer:
    """How one tool pushes `image` as `tag`; `folder` holds its caches."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.environment = {"XDG_CACHE_HOME": str(folder), "HOME": str(folder)}

    def command(self, image: str, host: str, tag: str) -> list[str]:
        to = f"{host}/team/app"
        match self.name:
            case "ctr-ci":
                named = ["--image", image, "--unverified", "--to", to, "--tag", tag]
                return [sys.executable, "-m", "ctr_ci", "publish", *named]
            case "docker push":
                docker("tag", image, f"{to}:{tag}")
                return ["docker", "push", f"{to}:{tag}"]
            case _:
                where = ["--src-daemon-host", os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")]
                names = [f"docker-daemon:{image}", f"docker://{to}:{tag}"]
                return ["skopeo", "copy", "--dest-tls-verify=false", *where, *names]

    def forget(self, host: str) -> None:
        if self.name == "docker push":
            for tag in ("v1", "v2", "v3"):
                subprocess.run(["docker", "rmi", f"{host}/team/app:{tag}"], capture_output=True, check=False)


def changed(image: str) -> str:
    """The image with one more small layer; a local name."""
    name = "ctr-ci.bench/changed:latest"
    container = docker("create", image, "true")
    try:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "small").write_bytes(os.urandom(100_000))
            docker("cp", f"{folder}/small", f"{container}:/small")
        docker("commit", container, name)
    finally:
        docker("rm", container)
    return name


def once(peer: str, image: str, other: str) -> dict[str, Cost]:
    registry = registries.start("open")
    folder = Path(tempfile.mkdtemp(prefix="ctr-ci-bench-"))
    tool = Peer(peer, folder)
    try:
        return {
            label: measured(tool.command(which, registry.host, tag), registry, tool.environment)
            for label, which, tag in (
                ("first push", image, "v1"),
                ("unchanged", image, "v2"),
                ("one layer changed", other, "v3"),
            )
        }
    finally:
        tool.forget(registry.host)
        registry.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("image", nargs="?", default="ctr-ci.test/gcc")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--peers", default="ctr-ci,docker push,skopeo")
    arguments = parser.parse_args()
    image = docker("image", "inspect", "-f", "{{index .RepoTags 0}}", arguments.image)
    other = changed(image)
    peers = arguments.peers.split(",")
    try:
        rounds = [{peer: once(peer, image, other) for peer in peers} for _ in range(arguments.rounds)]
    finally:
        docker("rmi", other)
    print(f"{'':28}{'wall s':>8}{'cpu s':>8}{'MB':>8}{'peak MB':>9}")
    for label in ("first push", "unchanged", "one layer changed"):
        for peer in peers:
            costs = [each[peer][label] for each in rounds]
            wall, cpu = (statistics.median(getattr(c, key) for c in costs) for key in ("wall", "cpu"))
            peak = max(c.peak_mb for c in costs)
            print(f"{label:18}{peer:10}{wall:8.2f}{cpu:8.2f}{costs[0].stored_mb:8.1f}{peak:9.0f}")


if __name__ == "__main__":
    main()
