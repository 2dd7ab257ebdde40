"""What `ctr-ci run` is asked for, and what it has of its surroundings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from ctr_ci.value import value
from ctr_ci.verbs.build_inputs import BuildChoice
from ctr_ci.verbs.selection import Selection

if TYPE_CHECKING:
    from ctr_ci.verbs import publish

Format = Literal["text", "json"]
Colour = Literal["auto", "always", "never"]


@value
class Request:
    """What was asked for. `source` "": none (`--no-source`). `record` None: the usual place under
    the current folder. `format` is "text" or "json". `gate_policy`: "default" fails
    the build for a declared gate that failed, "required" also for an image that nothing tested.
    `push`: publish with this, but for the record, when the build has passed."""

    source: str
    choice: BuildChoice
    selection: Selection
    ignore_file: str | None = None
    record: Path | None = None
    sign_record: Path | None = None  # a private key
    secrets: tuple[str, ...] = ()
    builders: tuple[str, ...] = ()
    format: Format = "text"
    colour: Colour = "auto"
    quiet: bool = False
    junit: Path | None = None
    gate_policy: Literal["default", "required", "warn", "off"] = "default"
    pull: str = "missing"
    engine: str | None = None
    network: str = ""
    jobs: int | None = None
    memory_bytes: int | None = None
    trust_steps: bool = False
    dry_run: bool = False
    keep: bool = False
    carry_files: bool = False
    shell: str | None = None
    push: publish.Request | None = None


@value
class World:
    """What a run has of its surroundings."""

    out: BinaryIO
    err: BinaryIO
    environment: Mapping[str, str]
    clock: Callable[[], float]
    root: Path  # where .ctr-ci/ is
