"""Fuzzes one target: `PYTHONPATH=tests python tests/fuzz/run.py parser|pragmas|fixes [--seconds N]`.

With atheris (not among our dependencies) the interpreter's coverage steers it, without it, or with
--plain, the texts of `targets.made` do. An input that breaks a property is written to the working folder.
"""

from __future__ import annotations

import argparse
import importlib
import resource
import sys
import time
from pathlib import Path

from fuzz.targets import TARGETS, made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--plain", action="store_true", help="without atheris")
    parser.add_argument("--first", type=int, default=0, help="the first seed of --plain")
    arguments = parser.parse_args()
    if not arguments.plain and _steered(arguments.target, arguments.seconds):
        return 0
    return _plain(arguments.target, arguments.seconds, arguments.first)


def _steered(name: str, seconds: int) -> bool:
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        return False
    target = TARGETS[name]

    def one(data: bytes) -> None:
        # Half the inputs choose pieces, half are taken as they are: both depths are reached.
        target(made(int.from_bytes(data[1:9], "little")) + data[9:] if data[:1] > b"\x7f" else data)

    atheris.instrument_all()
    atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", "-max_len=2000", "-timeout=20"], one)
    atheris.Fuzz()
    return True


def _plain(name: str, seconds: int, seed: int) -> int:
    ends, count, broken = time.monotonic() + seconds, 0, 0
    early = 0
    while time.monotonic() < ends:
        data = made(seed + count)
        count += 1
        try:
            TARGETS[name](data)
        except Exception as error:  # noqa: BLE001  what breaks is what we look for
            broken += 1
            Path(f"broken-{name}-{seed + count - 1}").write_bytes(data)
            print(f"seed {seed + count - 1}: {type(error).__name__}: {str(error)[:200]}", flush=True)
            if broken > 20:
                break
        if count == 500:
            early = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    late = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{name}: {count} texts, {broken} broken; peak memory {early} kB after 500, {late} kB at the end")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
