"""How fast `ctr-ci inspect` reads an image, beside the engine's bare export of the same in one run.

    python benchmarks/image_inspect.py [IMAGE] [ROUNDS]

IMAGE: default the largest of the local ones. Prints medians, the ratio (the aim: at least 0.6 of the
export's speed) and the peak memory of the inspecting process (the aim: under 200 MB).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from statistics import median

from ctr_ci.engine import connect

COMMAND = (sys.executable, "-m", "ctr_ci", "inspect", "--format", "json")


def export(image: str) -> tuple[float, int]:
    """Seconds and bytes of reading the whole export and doing nothing with it."""
    engine = connect(None, os.environ)
    started = time.perf_counter()
    size = sum(len(chunk) for chunk in engine.export(image))
    took = time.perf_counter() - started
    engine.close()
    return took, size


def inspect(image: str) -> tuple[float, int]:
    """Seconds of the whole command, start included, and its peak memory in bytes."""
    started = time.perf_counter()
    process = subprocess.Popen([*COMMAND, image], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"inspect failed: {process.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss * 1024


def largest() -> str:
    listed = subprocess.run(
        ["docker", "images", "-q", "--no-trunc"], capture_output=True, text=True, check=True
    ).stdout.split()
    found = subprocess.run(
        ["docker", "inspect", *sorted(set(listed))], capture_output=True, text=True, check=True
    )
    images: list[dict[str, int | str]] = json.loads(found.stdout)
    return str(max(images, key=lambda image: int(image["Size"]))["Id"])


def main() -> None:
    image = sys.argv[1] if len(sys.argv) > 1 else largest()
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    export(image)  # the engine's page cache is warm for all that follow
    exports, inspections, peaks, size = [], [], [], 0
    for _ in range(rounds):  # in turns: the machine's mood hits both
        took, size = export(image)
        exports.append(took)
        took, peak = inspect(image)
        inspections.append(took)
        peaks.append(peak)
    bare, ours = median(exports), median(inspections)
    print(f"image    {image[:19]}  {size / 1e6:.0f} MB of archive, median of {rounds}")
    print(f"export   {bare:6.2f} s  {size / bare / 1e6:6.0f} MB/s")
    print(f"inspect  {ours:6.2f} s  {size / ours / 1e6:6.0f} MB/s  peak {max(peaks) / 1e6:.0f} MB")
    print(f"ratio    {bare / ours:6.2f}  (aim: at least 0.60)")


if __name__ == "__main__":
    main()
