"""The record's nouns. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from ctr_ci.problem import Problem

VERSION = 1


@dataclass(frozen=True, slots=True)
class Ran:
    """A container that a step started: which image it ran, how that ended, when it started.
    `stopped`: a step or the end of the build stopped it, so its exit code blames nobody.
    `program`: what ran in place of the image's own, None where its own did."""

    image_id: str
    exit_code: int
    started: float
    stopped: bool = False
    program: str | None = None


@dataclass(frozen=True, slots=True)
class StepRecord:
    """`command`: what the config says to run in the image, () for the image's own. `status` as in
    `events.StepFinished`; `built` are image IDs; times in epoch seconds."""

    index: int
    id: str
    name: str
    image_id: str | None
    status: str
    exit_code: int | None
    forgiven: bool
    started: float | None
    finished: float | None
    built: tuple[str, ...]
    ran: tuple[Ran, ...]
    output: bytes | None
    command: tuple[str, ...] = ()
    entrypoint: str | None = None  # what ran in place of the image's own program


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """A name of `images:`, what it pointed at after the steps, and who tested that image ID."""

    name: str
    image_id: str
    tested_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NameRecord:
    """A name that an image had, and since when (epoch seconds)."""

    name: str
    image_id: str
    since: float


@dataclass(frozen=True, slots=True)
class GateRecord:
    name: str
    image_id: str
    verdict: str
    because: str


@dataclass(frozen=True, slots=True)
class ArtifactRecord:
    """A file that `artifacts:` names, as `events.ArtifactKept` told of it."""

    kind: str
    location: str
    path: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class PushRecord:
    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Record:
    """`status` is "UNFINISHED" until the build has ended. `signature`: a signed bundle (see
    `form.finding`), "" where nobody signed; what is pushed later does not break it."""

    build_id: str
    status: str
    started: float
    finished: float | None
    source: tuple[tuple[str, str | bool | None], ...]
    config_path: str
    config_digest: str
    substitutions: tuple[tuple[str, str], ...]
    steps: tuple[StepRecord, ...]
    images: tuple[ImageRecord, ...]
    names: tuple[NameRecord, ...] = ()
    gates: tuple[GateRecord, ...] = ()
    pushed: tuple[PushRecord, ...] = ()
    held: tuple[str, ...] = ()
    artifacts: tuple[ArtifactRecord, ...] = ()
    policy_path: str = ""
    policy_digest: str = ""
    allowed: tuple[tuple[int, str], ...] = ()  # a step's index, and a rule that it might break
    problem: Problem | None = None
    signature: str = ""
    version: int = VERSION
