"""Half a gigabyte of a step's output: speed, memory, order. Against `docker run` piped to a file, and
against a reader that does nothing but attach and write.

`python benchmarks/step_output.py [MEGABYTES]`. Ends with 1 where a bound is missed.
"""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ctr_ci.engine import ContainerSpec, connect

FASTER = 2.0  # than docker run
OF_RAW = 0.8  # of the raw reader's speed
MEMORY_MB = 120  # most that ctr-ci may take, whatever the step prints


def main() -> int:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    lines = size * 1_000_000 // 77
    # seq counts, so that a lost or moved line shows.
    command = ["seq", "-f", "%076.0f", "1", str(lines)]
    wanted = hashlib.sha256()
    for number in range(1, lines + 1):
        wanted.update(b"%076d\n" % number)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = folder / "build.json"
        config.write_text(json.dumps({"steps": [{"name": "debian:12", "args": command}]}))
        run = [sys.executable, "-m", "ctr_ci", "run", "--no-source", "--no-config", "--config", str(config)]
        ours = measured(run, folder / "ours", folder)
        peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        theirs = measured(["docker", "run", "--rm", "debian:12", *command], folder / "theirs", folder)
        raw = raw_reader(command, folder / "raw")
        (kept,) = (folder / ".ctr-ci" / "runs").glob("*/record.json")
        step = json.loads(kept.read_text())["steps"][0]
        same = [digest(folder / side) == wanted.hexdigest() for side in ("ours", "theirs", "raw")]
    speed = theirs / ours
    of_raw = raw / (step["finished"] - step["started"])  # both from the container's start to its end
    told = {"ctr-ci": ours, "docker run": theirs, "raw reader": raw}
    print(f"{size} MB: " + ", ".join(f"{who} {size / took:.0f} MB/s" for who, took in told.items()))
    print(f"with the run's own start and end: {raw / ours:.2f} of the raw reader's")
    good = {
        f"{speed:.1f} times as fast as docker run, bound {FASTER}": speed >= FASTER,
        f"{of_raw:.2f} of the raw reader's speed, bound {OF_RAW}": of_raw >= OF_RAW,
        f"peak memory {peak_mb:.0f} MB, bound {MEMORY_MB}": peak_mb <= MEMORY_MB,
        "complete and in order": same[0],
    }
    for what, held in good.items():
        print(what, "ok" if held else "MISSED")
    return 0 if all(good.values()) else 1


def measured(command: list[str], target: Path, folder: Path) -> float:
    start = time.perf_counter()
    with target.open("wb") as out:
        done = subprocess.run(command, cwd=folder, stdout=out, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: {done.returncode}\n{done.stderr.decode()}")
    return time.perf_counter() - start


def raw_reader(command: list[str], target: Path) -> float:
    """From the container's start to its end, its output read off the attached stream."""
    engine = connect()
    labels = (("ctr-ci.benchmark", "output"),)
    made = engine.create(ContainerSpec("debian:12", labels, command=tuple(command)))
    try:
        attached = engine.attach(made)
        start = time.perf_counter()
        engine.start(made)
        with target.open("wb") as out:
            for piece in attached:
                out.write(piece.data)
        engine.wait(made)
        took = time.perf_counter() - start
        attached.close()
    finally:
        engine.remove(made)
        engine.close()
    return took


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    raise SystemExit(main())
