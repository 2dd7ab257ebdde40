"""What the broker costs: a build with a large context, a container with much output, many small calls.

    python benchmarks/broker_throughput.py [--megabytes 300] [--output 1000] [--rounds 3]

Each is measured directly at the engine and through the broker, in turn, in one run; the figures are
the medians, and their ratio is what counts. Leaves nothing in the engine. Exit 1 where a ratio is
beyond its limit.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from ctr_ci.broker import Broker, Note, Scope

DOCKER = "/usr/bin/docker" if os.access("/usr/bin/docker", os.X_OK) else shutil.which("docker") or "docker"


def main() -> int:
    parser = argparse.ArgumentParser(description="what the broker costs, beside the engine itself")
    parser.add_argument("--engine", default="/var/run/docker.sock")
    parser.add_argument("--megabytes", type=int, default=300, help="the size of the build context")
    parser.add_argument("--output", type=int, default=1000, help="megabytes that the container prints")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ctr-ci-bench-", dir="/dev/shm") as scratch:
        folder = Path(scratch)
        context = folder / "context"
        context.mkdir()
        (context / "Dockerfile").write_text("FROM busybox\nCOPY small /\n")
        (context / "small").write_text("x")
        for index in range(chosen.megabytes // 10):
            (context / f"file{index}").write_bytes(os.urandom(10_000_000))
        notes: list[Note] = []
        image = f"ctr-ci-bench-{os.getpid()}"
        scope = Scope(image, "bench/0/0", folder)
        with Broker(chosen.engine, folder / "s", scope, notes.append) as broker, ExitStack() as stack:
            through, straight = str(broker.socket(0)), chosen.engine
            stack.callback(_remove, chosen.engine, image)
            good = _compare(
                f"docker build, context of {chosen.megabytes} MB",
                lambda path: _docker(path, "build", "-q", "--no-cache", "--label", image, str(context)),
                straight,
                through,
                chosen.rounds,
                limit=1.15,
            )
            good &= _compare(
                f"docker run, {chosen.output} MB of output",
                lambda path: _docker(
                    path,
                    *("run", "--rm", "--network", "none", "--log-driver", "none", "busybox", "sh", "-c"),
                    f"yes {'x' * 76} | head -c {chosen.output}000000",
                ),
                straight,
                through,
                chosen.rounds,
                limit=1 / 0.7,
            )
            good &= _compare("2,000 calls, 50 at a time", _calls, straight, through, chosen.rounds, limit=10)
    return 0 if good else 1


def _compare(
    what: str,
    act: Callable[[str], None],
    straight: str,
    through: str,
    rounds: int,
    limit: float,
) -> bool:
    act(straight)
    direct, brokered = [], []
    for _ in range(rounds):
        direct.append(_timed(act, straight))
        brokered.append(_timed(act, through))
    one, other = statistics.median(direct), statistics.median(brokered)
    ratio = other / one
    print(f"{what:40} direct {one:6.2f} s   broker {other:6.2f} s   ratio {ratio:.2f} (at most {limit:.2f})")
    return ratio <= limit


def _timed(act: Callable[[str], None], path: str) -> float:
    started = time.perf_counter()
    act(path)
    return time.perf_counter() - started


def _docker(path: str, *words: str) -> None:
    environment = {"DOCKER_HOST": f"unix://{path}", "HOME": "/nonexistent", "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [DOCKER, *words], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
    )
    if done.returncode:
        sys.exit(f"docker {words[0]}: {done.stderr.decode('utf-8', 'replace')}")


def _remove(engine: str, image: str) -> None:
    """The image, and those of earlier rounds whose name it took."""
    labelled = ("images", "-aq", "--filter", f"label={image}")
    environment = {"DOCKER_HOST": f"unix://{engine}", "HOME": "/nonexistent", "PATH": os.environ["PATH"]}
    found = subprocess.run([DOCKER, *labelled], env=environment, stdout=subprocess.PIPE, check=True)
    _docker(engine, "rmi", "-f", *dict.fromkeys(found.stdout.decode().split()))


def _calls(path: str) -> None:
    """2,000 requests, each on a connection of its own, all answered."""

    def one(_: int) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            client.sendall(b"GET /v1.41/_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n")
            received = b""
            while piece := client.recv(4096):
                received += piece
            return received.startswith(b"HTTP/1.1 200")

    with ThreadPoolExecutor(50) as pool:
        answered = sum(pool.map(one, range(2000)))
    if answered != 2000:
        sys.exit(f"{2000 - answered} of 2000 calls were lost")


if __name__ == "__main__":
    sys.exit(main())
