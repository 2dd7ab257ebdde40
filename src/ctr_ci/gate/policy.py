"""What an image must have passed before it may ship: `ctr-ci.yaml`'s stages and gates, as values."""

from __future__ import annotations

from dataclasses import dataclass

# What a structure test's containers get only where ctr-ci.yaml says so; named as for steps where
# it is the same. `environment`: variables of whoever runs ctr-ci.
ALLOWABLE = ("privileged", "capabilities", "host-path", "environment")
SEVERITIES = ("error", "warning", "info", "style")


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the build. `steps` are step ids, or indexes written out. As a `gate` its steps are
    the test: all must pass unforgiven, and one of them must have run the image itself."""

    name: str
    steps: tuple[str, ...]
    gate: bool = False


@dataclass(frozen=True, slots=True)
class MaxSize:
    """`max-size`: the image's size on disk, in bytes."""

    bytes: int


@dataclass(frozen=True, slots=True)
class MaxBuildBytes:
    """`max-build-bytes`: what only built the image may take so many bytes of it."""

    bytes: int


@dataclass(frozen=True, slots=True)
class MaxWaste:
    """`max-waste`: what lower layers hold and later ones hide, in bytes."""

    bytes: int


@dataclass(frozen=True, slots=True)
class NoFile:
    """`no-file`: no path in any layer fits one of these globs."""

    globs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lint:
    """`lint`: no finding of this severity or worse in the Dockerfile."""

    fail_on: str


@dataclass(frozen=True, slots=True)
class NonRoot:
    """`non-root`: the image names a user, and it is not root."""


@dataclass(frozen=True, slots=True)
class Labels:
    """`labels`: each key is there; a value None means any."""

    wanted: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class NoSecrets:
    """`no-secrets`: no credential in the image's environment, labels or history."""


@dataclass(frozen=True, slots=True)
class Command:
    """`command`: a program run in the image; what it must print is searched for as a pattern."""

    argv: tuple[str, ...]
    entrypoint: tuple[str, ...] | None = None
    exit: int = 0
    stdout: str | None = None
    stderr: str | None = None
    within_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Healthcheck:
    """`healthcheck`: the image starts and becomes healthy by its own HEALTHCHECK."""

    within_s: float = 30.0


@dataclass(frozen=True, slots=True)
class StructureTest:
    """`structure-test`: a container-structure-test file, by its path. `allow`: which of ALLOWABLE the
    file's containerRunOptions may ask for; `within_s` is the time that each of its commands has."""

    path: str
    allow: tuple[str, ...] = ()
    within_s: float = 600.0


Check = (
    MaxSize
    | MaxBuildBytes
    | MaxWaste
    | NoFile
    | Lint
    | NonRoot
    | Labels
    | NoSecrets
    | Command
    | Healthcheck
    | StructureTest
)


@dataclass(frozen=True, slots=True)
class Gate:
    """One entry of `gates:`. `images`: the names that it is for, () for every image."""

    name: str
    checks: tuple[Check, ...]
    images: tuple[str, ...] = ()

    def is_for(self, image: str) -> bool:
        return not self.images or image in self.images


@dataclass(frozen=True, slots=True)
class Policy:
    """`require` names the stages and gates that every image needs; empty: all gate stages and gates
    that there are, and where no stage is a gate the implicit rule: a step that started after the
    image was built ran that very image, and passed."""

    require: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    gates: tuple[Gate, ...] = ()
