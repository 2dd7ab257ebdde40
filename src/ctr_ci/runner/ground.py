"""Where the files of a build lie, and how a step's container comes to see them.

`Near`: the engine sees this machine's folders, and they are bound. `Far`: it does not (it is on another
machine, or we are in a container ourselves), so files are carried through its API into volumes.
"""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Protocol

from ctr_ci.engine import Bind, ContainerSpec, Engine, Image
from ctr_ci.plan import Step
from ctr_ci.problem import Problem, WorldError
from ctr_ci.runner.ledger import Ledger
from ctr_ci.workspace import unpack

WORKSPACE = "/workspace"
HOME = "/builder/home"
OUTPUTS = "/builder/outputs"
SCRIPT = "/cloudbuild/script"  # no volume may be under /cloudbuild, so nothing can hide it
HOLDER = "/ctr-ci-holder"
OUTPUT_BYTES = 50 * 1024  # of $BUILDER_OUTPUT/output, as Cloud Build keeps
PIECE = 1 << 20

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
            path.write_bytes(_encoded(step.script))
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


class Far:
    """Volumes of the engine, filled through its API. The steps' paths are the same."""

    def __init__(self, engine: Engine, ledger: Ledger, workspace: Path, volumes: Volumes) -> None:
        self._engine = engine
        self._ledger = ledger
        self._workspace = workspace
        self._volumes = dict(volumes)
        self._binds = tuple(
            Bind(ledger.volume(ledger.name(noun)), target)
            for noun, target in (("workspace", WORKSPACE), ("home", HOME))
        )

    def fill(self, image: Image) -> None:
        """Carries the workspace over. `image` is any that is there: its container never starts."""
        with self._carrier(image) as carrier, TemporaryFile() as packed:
            with tarfile.open(fileobj=packed, mode="w") as archive:
                archive.add(self._workspace, ".", filter=_as_root)
            packed.seek(0)
            self._engine.put(carrier.id, WORKSPACE, _pieces(packed))

    def binds(self, step: Step) -> tuple[Bind, ...]:
        return (*self._binds, *(Bind(self._volumes[mount.name], mount.path) for mount in step.mounts))

    def deliver(self, step: Step, container: str) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            outputs = tarfile.TarInfo(OUTPUTS.lstrip("/"))
            outputs.type, outputs.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(outputs)
            if step.script is not None:
                _add(archive, SCRIPT, _encoded(step.script))
        self._engine.put(container, "/", iter((packed.getvalue(),)))

    def output(self, step: Step, container: str) -> bytes | None:
        found = self._engine.files(container, f"{OUTPUTS}/output")
        if found is None:
            return None
        with TemporaryFile() as packed:
            packed.writelines(found)
            packed.seek(0)
            with tarfile.open(fileobj=packed) as archive:
                member = archive.next()
                file = archive.extractfile(member) if member is not None and member.isreg() else None
                return file.read(OUTPUT_BYTES) if file is not None else None

    def holder_binds(self, program: bytes) -> tuple[Bind, ...]:
        return ()

    def deliver_holder(self, program: bytes, container: str) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            _add(archive, HOLDER, program)
        self._engine.put(container, "/", iter((packed.getvalue(),)))

    def fetch(self, image: Image) -> None:
        with self._carrier(image) as carrier, TemporaryFile() as packed:
            packed.writelines(self._engine.files(carrier.id, f"{WORKSPACE}/.") or ())
            packed.seek(0)
            with tarfile.open(fileobj=packed) as archive:
                unpack(archive, self._workspace)

    def _carrier(self, image: Image) -> _Carrier:
        return _Carrier(self._engine, self._ledger, image, self._binds)


class _Carrier:
    """A container that is made to reach the volumes by, and never started."""

    def __init__(self, engine: Engine, ledger: Ledger, image: Image, binds: tuple[Bind, ...]) -> None:
        self._ledger = ledger
        self._name = ledger.name("carrier")
        self._engine = engine
        spec = ContainerSpec(
            image.id, ledger.labels, name=self._name, entrypoint=(HOLDER,), command=(), binds=binds
        )
        self.id = ledger.container(spec)

    def __enter__(self) -> _Carrier:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.remove(self.id)


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


def _encoded(script: str) -> bytes:
    return script.encode("utf-8", "surrogateescape")


def _as_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


def _add(archive: tarfile.TarFile, path: str, content: bytes) -> None:
    entry = tarfile.TarInfo(path.lstrip("/"))
    entry.size, entry.mode = len(content), 0o755
    archive.addfile(entry, io.BytesIO(content))


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece
