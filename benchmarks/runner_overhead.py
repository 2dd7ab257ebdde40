"""What `ctr-ci run` costs beside the steps' own work, against a shell loop of `docker run --rm`.

Run it on a quiet machine with an engine and a `busybox` image: `python benchmarks/runner_overhead.py`.
Both sides are whole processes, run in turns; the figures are medians. Ends with 1 where a bound is
missed.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

STEPS = 20
ROUNDS = 3
SLEEP_S = 10  # a short step by the measure of real builds
NETWORK = "ctr-ci-benchmark"
BOUNDS = {"sequential": 0.5, "parallel": 1.15, "one step, seconds": 0.9}


def seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def build(folder: Path, steps: list[dict[str, object]]) -> Callable[[], None]:
    """A call of `ctr-ci run` on these steps."""
    config = folder / "cloudbuild.json"
    config.write_text(json.dumps({"steps": steps}))
    command = [sys.executable, "-m", "ctr_ci", "run", "--no-source", "--no-config", "--config", str(config)]
    return lambda: check(command, folder)


def check(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: {done.returncode}\n{done.stderr.decode()}")


def main() -> int:
    step: dict[str, object] = {"name": "busybox", "args": ["true"]}
    sleep: dict[str, object] = {"name": "busybox", "args": ["sleep", str(SLEEP_S)], "waitFor": ["-"]}
    loop = f"for i in $(seq {STEPS}); do docker run --rm --network {NETWORK} busybox true || exit 1; done"
    run = f"docker run --rm --network {NETWORK} busybox"
    together = f"{f'{run} sleep {SLEEP_S} & ' * 4}wait"
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        check(["docker", "network", "create", NETWORK], folder)
        try:
            ours, theirs = [], []
            for _ in range(ROUNDS):
                ours.append(seconds(build(folder, [step] * STEPS)))
                theirs.append(seconds(lambda: check(["sh", "-c", loop], folder)))
            beside = seconds(lambda: check(["sh", "-c", together], folder)) / SLEEP_S
        finally:
            check(["docker", "network", "rm", NETWORK], folder)
        print(f"{STEPS} steps in sequence: ctr-ci {statistics.median(ours):.2f} s, ", end="")
        print(f"docker run --rm {statistics.median(theirs):.2f} s")
        found["sequential"] = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
        parallel = [seconds(build(folder, [sleep] * 4)) for _ in range(2)]
        found["parallel"] = min(parallel) / SLEEP_S
        print(f"four docker runs at once, for comparison: {beside:.2f} of the longest")
        one = [seconds(build(folder, [step])) for _ in range(ROUNDS)]
        single = [seconds(lambda: check(["docker", "run", "--rm", "busybox", "true"], folder)) for _ in one]
        print(f"one docker run: {statistics.median(single):.2f} s")
        found["one step, seconds"] = statistics.median(one)
    for what, value in found.items():
        verdict = "ok" if value <= BOUNDS[what] else "MISSED"
        print(f"{what}: {value:.2f}, bound {BOUNDS[what]} {verdict}")
    return 0 if all(value <= BOUNDS[what] for what, value in found.items()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
