"""What a container-structure-test file (schema 2.0.0) asks of an image. Values only.

Source of the fields: GoogleContainerTools/container-structure-test, README and `pkg/types/v2`. Patterns
are Go's (see `go_pattern`).
"""

from __future__ import annotations

from dataclasses import dataclass

from ctr_ci.engine import Bind
from ctr_ci.secret import Secret


@dataclass(frozen=True, slots=True)
class Pair:
    """An environment variable or label that is expected; `pattern`: its value is a regular expression."""

    key: str
    value: str
    pattern: bool = False


@dataclass(frozen=True, slots=True)
class CommandTest:
    """`setup` commands come first, each in a container of its own that begins where the last one ended.
    `teardown` is read and not run, as upstream does: nothing outlives a test."""

    name: str
    command: tuple[str, ...]
    env: tuple[Pair, ...] = ()
    setup: tuple[tuple[str, ...], ...] = ()
    exit_code: int = 0
    output: tuple[str, ...] = ()
    no_output: tuple[str, ...] = ()
    error: tuple[str, ...] = ()
    no_error: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileTest:
    """`permissions` as Go or `ls -l` write them; -1 and "" ask nothing. `executable_by`: owner, group,
    other or any."""

    name: str
    path: str
    exists: bool = True
    permissions: str = ""
    uid: int = -1
    gid: int = -1
    executable_by: str = ""


@dataclass(frozen=True, slots=True)
class ContentTest:
    name: str
    path: str
    expected: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LicenseTest:
    """`debian`: the copyright file of every package in /usr/share/doc."""

    debian: bool
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MetadataTest:
    """None and "" ask nothing; an empty `command` or `entrypoint` asks that there is none."""

    env: tuple[Pair, ...] = ()
    unbound_env: tuple[str, ...] = ()
    labels: tuple[Pair, ...] = ()
    ports: tuple[str, ...] = ()
    no_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    no_volumes: tuple[str, ...] = ()
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    workdir: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """`containerRunOptions`, for every container of the file. `env` holds values from the environment of
    whoever runs ctr-ci, or from a file."""

    user: str | None = None
    privileged: bool = False
    terminal: bool = False
    env: tuple[tuple[str, Secret], ...] = ()
    capabilities: tuple[str, ...] = ()
    binds: tuple[Bind, ...] = ()


@dataclass(frozen=True, slots=True)
class Structure:
    """One file. `env` is for every command of it, and for the paths of its file tests."""

    commands: tuple[CommandTest, ...] = ()
    files: tuple[FileTest, ...] = ()
    contents: tuple[ContentTest, ...] = ()
    licenses: tuple[LicenseTest, ...] = ()
    metadata: MetadataTest = MetadataTest()
    env: tuple[Pair, ...] = ()
    options: RunOptions = RunOptions()
