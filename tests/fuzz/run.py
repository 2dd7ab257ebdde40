"""Fuzzes one target: `PYTHONPATH=tests python tests/fuzz/run.py TARGET [--seconds N] [--by HOW]`.

`--by atheris` (the default) lets the coverage of ctr_ci's own modules choose the bytes, `--by hypothesis`
composes and shrinks texts, `--by pieces` takes those of `targets.made`, seed after seed. An input that breaks
a property is written to the working folder. Peak memory is told for the early and the whole run.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import resource
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import ModuleType

NAMES = ("parser", "shell", "pragmas", "fixes")
EARLY = 500  # texts after which memory should grow no more


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=NAMES)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--by", choices=("atheris", "hypothesis", "pieces"), default="atheris")
    parser.add_argument("--first", type=int, default=0, help="the first seed of hypothesis and pieces")
    arguments = parser.parse_args()
    if arguments.by == "atheris":
        return _steered(arguments.target, arguments.seconds)
    drive = _composed if arguments.by == "hypothesis" else _plain
    return drive(arguments.target, arguments.seconds, arguments.first)


def _loaded(instrumented: AbstractContextManager[object]) -> ModuleType:
    """The targets, with every module of ours that they may reach, imported under `instrumented`."""
    with instrumented:
        for room in ("source", "value", "dockerfile", "shell", "lint", "lint.rules", "settings"):
            package = importlib.import_module(f"ctr_ci.{room}")
            for found in pkgutil.iter_modules(getattr(package, "__path__", [])):
                importlib.import_module(f"ctr_ci.{room}.{found.name}")
        return importlib.import_module("fuzz.targets")


def _steered(name: str, seconds: int) -> int:
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        print("atheris is missing: give --by hypothesis", file=sys.stderr)
        return 2
    targets = _loaded(atheris.instrument_imports(include=["ctr_ci"]))
    target: Callable[[bytes], None] = targets.TARGETS[name]
    meter = Meter(name, often=5000)  # libFuzzer ends the process by itself

    def one(data: bytes) -> None:
        # Half the inputs choose pieces, half are taken as they are: both depths are reached.
        target(targets.chosen(data[1:]) if data[:1] > b"\x7f" else data[1:])
        meter.count_one()

    atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", "-max_len=600", "-timeout=30"], one)
    atheris.Fuzz()
    return 0


def _composed(name: str, seconds: int, first: int) -> int:
    """Hypothesis, batch after batch with another seed, until the time is over."""
    from hypothesis import HealthCheck, given, seed, settings
    from hypothesis import strategies as some

    targets = _loaded(nullcontext())
    meter = Meter(name)
    ends = time.monotonic() + seconds
    texts = some.lists(some.sampled_from(targets.PIECES) | some.text(max_size=8), max_size=30).map("".join)

    def one(text: str) -> None:
        data = text.encode("utf-8", "surrogatepass")
        meter.last = data
        targets.TARGETS[name](data)
        meter.count_one()

    while time.monotonic() < ends:
        batch = settings(
            max_examples=300, database=None, deadline=None, suppress_health_check=list(HealthCheck)
        )(given(texts)(one))
        try:
            seed(first)(batch)()
        except Exception as error:  # noqa: BLE001  what breaks is what we look for
            meter.broke(first, error)
            break
        first += 1
    meter.tell()
    return 1 if meter.broken else 0


def _plain(name: str, seconds: int, seed: int) -> int:
    targets = _loaded(nullcontext())
    meter = Meter(name)
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and meter.broken < 20:
        meter.last = targets.made(seed)
        try:
            targets.TARGETS[name](meter.last)
        except Exception as error:  # noqa: BLE001  what breaks is what we look for
            meter.broke(seed, error)
        meter.count_one()
        seed += 1
    meter.tell()
    return 1 if meter.broken else 0


class Meter:
    """How many texts a run saw, what broke, and how memory grew; told each `often` texts."""

    def __init__(self, name: str, often: int = 0) -> None:
        self.name = name
        self.often = often
        self.count = self.broken = self.early_kb = 0
        self.last = b""

    def count_one(self) -> None:
        self.count += 1
        if self.count == EARLY:
            self.early_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if self.often and self.count % self.often == 0:
            self.tell()

    def broke(self, seed: int, error: Exception) -> None:
        self.broken += 1
        Path(f"broken-{self.name}-{seed}").write_bytes(self.last)
        print(f"seed {seed}: {type(error).__name__}: {str(error)[:200]}", flush=True)

    def tell(self) -> None:
        late_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(
            f"{self.name}: {self.count} texts, {self.broken} broken; peak memory {self.early_kb} kB after "
            f"{EARLY}, {late_kb} kB at the end",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
