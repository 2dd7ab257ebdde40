"""`ctr-ci publish` against `docker push` and `skopeo copy`: the same image to fresh local registries.

    python benchmarks/push.py [IMAGE] [--rounds N] [--large GB]

First push, again unchanged, and with one small changed layer, beside what the engine needs to export
the image (`docker save`). Wall and CPU seconds (the client and the engine together), bytes that the
registry took, and the client's peak memory; then our memory for an image of two gigabytes; then what
all that comes to, beside what it should. Tools take turns, so that a busy machine is so for all.
Needs root (the engine's CPU time is read from /proc), docker, skopeo and docker-registry.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from testbed import images
from testbed import registry as registries
from testbed.engine import ensure_engine

TICKS = os.sysconf("SC_CLK_TCK")
ENGINE = {"dockerd", "containerd"}
LABELS = ("first push", "unchanged", "one layer changed")
SAVE = "docker save"


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
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=output, env=os.environ | environment
        )
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
            case "docker save":
                return ["docker", "save", image]
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


def large(size_gb: float) -> str:
    """An image of one layer of that size, which compresses to half; a local name."""
    name = "ctr-ci.bench/large:latest"
    importing = subprocess.Popen(
        ["docker", "import", "-", name], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    assert importing.stdin is not None
    half = 1 << 22  # small pieces: a child's peak begins with what its parent holds
    with tarfile.open(fileobj=importing.stdin, mode="w|") as archive:
        for number in range(int(size_gb * 1e9 / (2 * half))):
            info = tarfile.TarInfo(f"part{number}")
            info.size = 2 * half
            archive.addfile(info, io.BytesIO(os.urandom(half) + bytes(half)))
    importing.stdin.close()
    if importing.wait():
        raise SystemExit("docker import failed")
    return name


def once(peer: str, image: str, other: str) -> dict[str, Cost]:
    registry = registries.start("open")
    folder = Path(tempfile.mkdtemp(prefix="ctr-ci-bench-"))
    tool = Peer(peer, folder)
    pushes = zip(LABELS, (image, image, other), ("v1", "v2", "v3"), strict=True)
    try:
        return {
            label: measured(tool.command(which, registry.host, tag), registry, tool.environment)
            for label, which, tag in pushes
            if peer != SAVE or label == LABELS[2]
        }
    finally:
        tool.forget(registry.host)
        registry.stop()
        shutil.rmtree(folder, ignore_errors=True)


def peak_of_large(size_gb: float) -> float:
    """Megabytes that a push of a large image takes at most."""
    name = large(size_gb)
    registry = registries.start("open")
    try:
        with tempfile.TemporaryDirectory() as folder:
            tool = Peer("ctr-ci", Path(folder))
            return measured(tool.command(name, registry.host, "v1"), registry, tool.environment).peak_mb
    finally:
        registry.stop()
        docker("rmi", name)


def verdicts(middle: dict[tuple[str, str], Cost], peak_mb: float | None) -> list[str]:
    """Each measure: what it is now, and what it should be."""
    first, again, changed_ = (middle[(label, "ctr-ci")] for label in LABELS)
    said = []
    if ("first push", "docker push") in middle:
        push = middle[("first push", "docker push")]
        said.append(f"first push: {push.wall / first.wall:.2f} times as fast as docker push (at least 2)")
        said.append(f"first push: {first.cpu / push.cpu:.2f} of docker push's CPU (at most 0.5)")
        push = middle[("unchanged", "docker push")]
        said.append(f"unchanged: {again.wall / push.wall:.2f} times docker push's time (at most 2)")
    if ("first push", "skopeo") in middle:
        copy = middle[("first push", "skopeo")]
        said.append(f"first push: {copy.wall / first.wall:.2f} times as fast as skopeo (at least 1.25)")
    said.append(f"unchanged: {again.stored_mb:.2f} MB stored (the manifest's tag only)")
    said.append(f"one layer changed: {changed_.stored_mb:.2f} MB stored (0.1: that layer)")
    if (LABELS[2], SAVE) in middle:
        ratio = changed_.wall / middle[(LABELS[2], SAVE)].wall
        said.append(f"one layer changed: {ratio:.2f} times the engine's export alone (at most 1.1)")
    if peak_mb is not None:
        said.append(f"large image: {peak_mb:.0f} MB of memory (under 150)")
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("image", nargs="?", help="default: the test bed's Debian with gcc, 316 MB")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--peers", default=f"ctr-ci,docker push,skopeo,{SAVE}")
    parser.add_argument("--large", type=float, default=2.0, metavar="GB", help="0: without")
    arguments = parser.parse_args()
    engine = ensure_engine()
    image = arguments.image or images.ensure_toolchain(engine.socket, "gcc")
    other = changed(image)
    peers = arguments.peers.split(",")
    try:
        rounds = [{peer: once(peer, image, other) for peer in peers} for _ in range(arguments.rounds)]
    finally:
        docker("rmi", other)
    print(f"{'':32}{'wall s':>8}{'cpu s':>8}{'MB':>8}{'peak MB':>9}")
    middle: dict[tuple[str, str], Cost] = {}
    for label, peer in ((label, peer) for label in LABELS for peer in peers if label in rounds[0][peer]):
        costs = [each[peer][label] for each in rounds]
        wall, cpu = (statistics.median(getattr(c, key) for c in costs) for key in ("wall", "cpu"))
        cost = middle[(label, peer)] = Cost(wall, cpu, costs[0].stored_mb, max(c.peak_mb for c in costs))
        print(f"{label:18}{peer:14}{wall:8.2f}{cpu:8.2f}{cost.stored_mb:8.1f}{cost.peak_mb:9.0f}", flush=True)
    peak_mb = peak_of_large(arguments.large) if arguments.large else None
    print(*verdicts(middle, peak_mb), sep="\n")
    engine.close()


if __name__ == "__main__":
    main()
