"""What a container-structure-test file (schema 2.0.0) asks of an image. Values only.

Source of the fields: GoogleContainerTools/container-structure-test, README and `pkg/types/v2`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pair:
    """An environment variable or label that is expected; `pattern`: its value is a regular expression."""

    key: str
    value: str
    pattern: bool = False


@dataclass(frozen=True, slots=True)
class CommandTest:
    name: str
    command: tuple[str, ...]
    env: tuple[Pair, ...] = ()
    setup: tuple[tuple[str, ...], ...] = ()
    teardown: tuple[tuple[str, ...], ...] = ()
    exit_code: int = 0
    output: tuple[str, ...] = ()
    no_output: tuple[str, ...] = ()
    error: tuple[str, ...] = ()
    no_error: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileTest:
    """`permissions` as `ls -l` writes them; -1 and "" ask nothing. `executable_by`: owner, group,
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
class MetadataTest:
    env: tuple[Pair, ...] = ()
    unbound_env: tuple[str, ...] = ()
    labels: tuple[Pair, ...] = ()
    ports: tuple[str, ...] = ()
    no_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    no_volumes: tuple[str, ...] = ()
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    workdir: str | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Structure:
    """One file. `user` and `env` are for every command of it."""

    commands: tuple[CommandTest, ...] = ()
    files: tuple[FileTest, ...] = ()
    contents: tuple[ContentTest, ...] = ()
    metadata: MetadataTest = MetadataTest()
    env: tuple[Pair, ...] = ()
    user: str | None = None
