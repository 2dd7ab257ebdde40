"""The files of a build whose engine does not see this machine's folders: it is on another machine, or
we are in a container ourselves. They are carried through its API into volumes.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from ctr_ci.engine import Bind, ContainerSpec, Engine, Image
from ctr_ci.plan import Step
from ctr_ci.runner.ground import HOLDER, HOME, OUTPUT_BYTES, OUTPUTS, SCRIPT, WORKSPACE, Volumes, encoded
from ctr_ci.runner.ledger import Ledger
from ctr_ci.workspace import unpack

PIECE = 1 << 20


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
                _add(archive, SCRIPT, encoded(step.script))
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
