"""How long `ctr-ci lint` takes for one small file from a cold start, against the bare interpreter.

Both are started in turn, many times, and the best of each counts: first by wall time, then by CPU time,
which says the same on a busy machine. Also: the modules that a lint must never import.

    python benchmarks/cold_start.py [ROUNDS]
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIMIT = 3.0  # times the bare interpreter
FORBIDDEN = {"docker", "requests", "github", "yaml", "argparse", "json", "dataclasses", "typing"}
LINT = "import sys; sys.argv[1:] = ['lint', '--no-config', {file!r}]; from ctr_ci.cli import main; {run}"


def once(command: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{command} ended with {done.returncode}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def best(commands: dict[str, list[str]], rounds: int) -> dict[str, tuple[float, float]]:
    """The best wall and CPU seconds of each command, all of them run in turn."""
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            seen[name].append(once(command))
    return {name: (min(w for w, _ in runs), min(c for _, c in runs)) for name, runs in seen.items()}


def imported(file: Path) -> set[str]:
    """The top-level modules that a lint of `file` has imported when it is done."""
    code = LINT.format(file=str(file), run="main(sys.argv[1:])") + "; print(*sys.modules, file=sys.stderr)"
    command = [sys.executable, "-I", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stderr.split()}


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    file = ROOT / "examples" / "quickstart" / "Dockerfile"
    found = sorted(imported(file) & FORBIDDEN)
    if found:
        print(f"imported although not needed: {', '.join(found)}")
        return 1
    program = [str(Path(sys.executable).with_name("ctr-ci")), "lint", "--no-config", str(file)]
    runs = best({"python -I -c pass": [sys.executable, "-I", "-c", "pass"], "ctr-ci lint": program}, rounds)
    for name, (wall, used) in runs.items():
        print(f"{name:18} {wall * 1000:6.1f} ms wall  {used * 1000:6.1f} ms CPU")
    bare, lint = runs["python -I -c pass"], runs["ctr-ci lint"]
    wall, used = lint[0] / bare[0], lint[1] / bare[1]
    print(f"ratio              {wall:6.2f}          {used:6.2f}      (limit {LIMIT})")
    return 0 if min(wall, used) <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
