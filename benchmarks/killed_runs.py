"""Kills `ctr-ci run` at random moments and counts what is left after the next start.

`python benchmarks/killed_runs.py [TIMES]`: nothing may be left: no container, network, volume, folder.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LONGEST_S = 3.0


def main() -> int:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    volume = [{"name": "vol", "path": "/v"}]
    sleep = {"name": "busybox", "args": ["sleep", "60"], "waitFor": ["-"], "volumes": volume}
    docker = "gcr.io/cloud-builders/docker"
    run = {"name": docker, "args": ["run", "busybox", "sleep", "60"], "waitFor": ["-"]}
    with tempfile.TemporaryDirectory(prefix="ck-", dir="/tmp") as name:
        folder = Path(name)
        (folder / "build.json").write_text(json.dumps({"steps": [sleep, sleep, run, {"name": "busybox"}]}))
        left = 0
        for number in range(times):
            delay = random.uniform(0.1, LONGEST_S)
            pid = kill_after(delay, folder)
            ctr_ci(folder, "clean")
            found = [*engine_has(pid), *(path.name for path in folder.glob("ctr-ci-*"))]
            left += bool(found)
            print(f"{number + 1}: killed after {delay:.2f} s, left: {found or 'nothing'}", flush=True)
    print(f"{times} kills, {left} with something left")
    return 1 if left else 0


def ctr_ci(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "ctr_ci", *arguments]
    environment = {**os.environ, "TMPDIR": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)


def kill_after(delay: float, folder: Path) -> int:
    """Kills a run with SIGKILL; the ID of its process."""
    command = [sys.executable, "-m", "ctr_ci", "run", "--no-source", "--no-config", "--config", "build.json"]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(delay)
    process.kill()
    process.wait()
    return process.pid


def engine_has(pid: int) -> list[str]:
    """What the engine still has of a process: by its label, as no record need have been begun."""
    found = []
    for kind, name in (("ps", "{{.Names}}"), ("network", "{{.Name}}"), ("volume", "{{.Name}}")):
        listing = ["ps", "-a"] if kind == "ps" else [kind, "ls"]
        form = f'{name} {{{{.Label "ctr-ci.owner"}}}}'
        command = ["docker", *listing, "--filter", "label=ctr-ci.owner", "--format", form]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found += [line.partition(" ")[0] for line in told.splitlines() if f"/{pid}/" in line]
    return found


if __name__ == "__main__":
    raise SystemExit(main())
