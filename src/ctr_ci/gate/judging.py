"""Asks every declared gate of every image it is for, and says what each came to.

The only module of the room that looks at files and at the engine.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ctr_ci.engine import Engine
from ctr_ci.engine import Image as EngineImage
from ctr_ci.events import GateDecided
from ctr_ci.gate import look, searching, structure_file, structure_trial, trial
from ctr_ci.gate.policy import (
    Check,
    Command,
    Gate,
    Healthcheck,
    Labels,
    Lint,
    MaxBuildBytes,
    MaxSize,
    MaxWaste,
    NoFile,
    NonRoot,
    NoSecrets,
    Policy,
    StructureTest,
)
from ctr_ci.gate.structure import Structure
from ctr_ci.gate.structure_options import Allowance
from ctr_ci.problem import InputError, Problem
from ctr_ci.record import Record
from ctr_ci.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.image import Passing, Weight

LintOf = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What gates need beside the record: the engine, the labels for their containers (BUILD_LABEL,
    OWNER_LABEL), the folder that structure-test paths start from, a clock in epoch seconds, and
    `lint`: "" where the build's Dockerfiles have no finding of a severity or worse, else which.
    `environment`: that of whoever runs ctr-ci, for structure tests that may ask for some of it."""

    engine: Engine
    labels: tuple[tuple[str, str], ...]
    folder: Path
    clock: Callable[[], float]
    lint: LintOf
    memory_bytes: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def judge(record: Record, policy: Policy, around: Surroundings) -> Iterator[GateDecided]:
    """What every gate says of every image it is for, one event each. Raises WorldError where the
    engine fails, InputError where a structure-test file is wrong."""
    tests = {
        check: structure_file.read(
            _source(around.folder, check.path), Allowance(check.allow, around.folder, around.environment)
        )
        for gate in policy.gates
        for check in gate.checks
        if isinstance(check, StructureTest)
    }
    images: dict[str, _Looked] = {}
    for image in record.images:
        for gate in policy.gates:
            if not gate.is_for(image.name):
                continue
            if image.image_id not in images:
                images[image.image_id] = _Looked(image.image_id, around.engine)
            failure = _gate(gate, images[image.image_id], tests, around)
            verdict, because = ("failed", failure) if failure else ("passed", _held(gate))
            yield GateDecided(around.clock(), gate.name, image.image_id, verdict, because, (gate.name,))


def _gate(gate: Gate, looked: _Looked, tests: dict[StructureTest, Structure], around: Surroundings) -> str:
    """ "" where all its checks pass, else what the first that does not says."""
    if looked.image is None:
        return "the image is no longer in the engine"
    for check in gate.checks:
        try:
            because = _check(check, looked.image, looked, tests, around)
        except searching.NoAnswer as error:
            because = error.problems[0].found
        if because:
            return because
    return ""


def _check(
    check: Check,
    image: EngineImage,
    looked: _Looked,
    tests: dict[StructureTest, Structure],
    around: Surroundings,
) -> str:
    bench = trial.Bench(around.engine, around.labels, around.memory_bytes)
    match check:
        case MaxSize(limit):
            return _over("the image", image.size_bytes, limit)
        case MaxBuildBytes(limit):
            return _over("what only built it", looked.weight.build_bytes, limit)
        case MaxWaste(limit):
            return _over("what later layers hide", looked.weight.waste_bytes, limit)
        case NoFile(globs):
            return looked.fits(globs)
        case Lint(fail_on):
            return around.lint(fail_on)
        case NonRoot():
            return look.non_root(image)
        case Labels():
            return look.labels(image, check)
        case NoSecrets():
            return look.no_secrets(image, looked.config)
        case Command():
            return trial.command(image, check, bench)
        case Healthcheck():
            return trial.healthcheck(image, check, bench)
        case StructureTest():
            return structure_trial.structure(image, tests[check], looked.settings, bench, check.within_s)


def _held(gate: Gate) -> str:
    """What a gate that passed has made sure of."""
    return ", ".join(_asks(check) for check in gate.checks)


def _asks(check: Check) -> str:
    match check:
        case MaxSize(limit):
            return f"at most {_mb(limit)}"
        case MaxBuildBytes(limit):
            return f"at most {_mb(limit)} that only built it"
        case MaxWaste(limit):
            return f"at most {_mb(limit)} that later layers hide"
        case NoFile(globs):
            return f"no file {', '.join(globs)}"
        case Lint(fail_on):
            return f"no lint finding of {fail_on} or worse"
        case NonRoot():
            return "not root"
        case Labels(wanted):
            return f"labels {' '.join(key for key, _ in wanted)}"
        case NoSecrets():
            return "no credential in environment, labels and history"
        case Command(argv):
            return f"`{shlex.join(argv)}` as expected"
        case Healthcheck(within_s):
            return f"healthy within {within_s:g} s"
        case StructureTest(path, allow):
            return f"{path} passed" + (f" (allowed: {', '.join(allow)})" if allow else "")


def _over(what: str, found: int, limit: int) -> str:
    return f"{what} takes {_mb(found)}, {_mb(found - limit)} over {_mb(limit)}" if found > limit else ""


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size} bytes"


class _Looked:
    """An image, and what looking into it found; each look happens once, when it is first needed."""

    def __init__(self, image_id: str, engine: Engine) -> None:
        self._id = image_id
        self._engine = engine
        self.image = engine.image(image_id)

    @cached_property
    def weight(self) -> Weight:
        from ctr_ci.image import inspect  # costs what a whole `ctr-ci lint` may; few gates weigh

        return inspect(self._engine.export(self._id))

    def fits(self, globs: tuple[str, ...]) -> str:
        """The paths that fit one of these, "" where there is none."""
        from ctr_ci.image import Limits, breaches

        return "; ".join(breach.text for breach in breaches(self.weight, Limits(no_file=globs), _mb))

    @cached_property
    def config(self) -> bytes:
        from ctr_ci.image import read

        return read(self._engine.export(self._id), _skip).config

    def settings(self) -> dict[str, object]:
        """The image's own JSON."""
        found = json.loads(self.config)
        return found if isinstance(found, dict) else {}


def _skip(_: object, passing: Passing) -> None:
    for _ in passing:
        pass


def _source(folder: Path, path: str) -> Source:
    try:
        return Source.decode(path, (folder / path).read_bytes())
    except OSError as error:
        problem = Problem(
            f"cannot read the structure test {path}: {error.strerror}",
            expected="a file in the build's source",
            help="`structure-test:` names it from the folder of the source",
        )
        raise InputError(problem) from error
