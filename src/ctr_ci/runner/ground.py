"""Where the files of a build lie, and how a step's container comes to see them.

`Near`: the engine sees this machine's folders, and they are bound. Where it does not, they are carried:
`far` beside this.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from ctr_ci.engine import Bind, Image
from ctr_ci.plan import Step
from ctr_ci.problem import Problem, WorldError

WORKSPACE = "/workspace"
HOME = "/builder/home"
OUTPUTS = "/builder/outputs"
SCRIPT = "/cloudbuild/script"  # no volume may be under /cloudbuild, so nothing can hide it
HOLDER = "/ctr-ci-holder"
OUTPUT_BYTES = 50 * 1024  # of $BUILDER_OUTPUT/output, as Cloud Build keeps

Volumes = tuple[tuple[str, str], ...]  # as in the config -> in the engine


class Ground(Protocol):
    def binds(self, step: Step) -> tuple[Bind, ...]:
        """What of the build a step's container sees; makes it, if it must be there before."""

    def deliver(self, step: Step, container: str) -> None:
        """Brings the rest into a container that is made and not started."""

    def output(self, step: Step, container: str) -> bytes | None:
        """What the step wrote to $BUILDER_OUTPUT/output, None where nothing. Its container has ended."""

    def holder_binds(self, program: bytes) -> tuple[Bind, ...]: ...
    def deliver_holder(self, program: bytes, container: str) -> None: ...
    def fetch(self, image: Image) -> None:
        """Makes the build's own folder hold what the steps left in /workspace."""


class Near:
    """Folders of this machine, bound. Each is open to any user that an image may have."""

    def __init__(self, workspace: Path, folder: Path, volumes: Volumes) -> None:
        self.workspace = workspace
        self.home = folder / "home"
        self._outputs = folder / "outputs"
        self._scripts = folder / "scripts"
        self._holder = folder / "holder"
        self.volumes = dict(volumes)
        for path in (self.home, self._outputs, self._scripts):
            _open_folder(path)

    def binds(self, step: Step) -> tuple[Bind, ...]:
        outputs = self._outputs / str(step.index)
        _open_folder(outputs)
        return (
            Bind(str(self.workspace), WORKSPACE),
            Bind(str(self.home), HOME),
            Bind(str(outputs), OUTPUTS),
            *(Bind(self.volumes[mount.name], mount.path) for mount in step.mounts),
            *self._script(step),
        )

    def _script(self, step: Step) -> Iterator[Bind]:
        if step.script is not None:
            path = self._scripts / str(step.index)
            path.write_bytes(encoded(step.script))
            path.chmod(0o755)
            yield Bind(str(path), SCRIPT, read_only=True)

    def deliver(self, step: Step, container: str) -> None:
        pass

    def output(self, step: Step, container: str) -> bytes | None:
        return read_output(self._outputs / str(step.index))

    def holder_binds(self, program: bytes) -> tuple[Bind, ...]:
        if not self._holder.exists():
            aside = self._holder.with_name(f"holder-{os.urandom(4).hex()}")
            aside.write_bytes(program)
            aside.chmod(0o755)
            aside.replace(self._holder)
        return (Bind(str(self._holder), HOLDER, read_only=True),)

    def deliver_holder(self, program: bytes, container: str) -> None:
        pass

    def fetch(self, image: Image) -> None:
        pass


def read_output(folder: Path) -> bytes | None:
    """The step owns that folder: a link or a pipe in it is not followed."""
    try:
        handle = os.open(folder / "output", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        return file.read(OUTPUT_BYTES) if stat.S_ISREG(os.fstat(handle).st_mode) else None


def _open_folder(path: Path) -> None:
    """A folder that every user may look into, whatever our umask is."""
    try:
        path.mkdir()
        path.chmod(0o755)
    except OSError as error:
        raise WorldError(Problem(f"cannot make {path}: {error.strerror}")) from error


def encoded(script: str) -> bytes:
    return script.encode("utf-8", "surrogateescape")
