"""Where the bytes of a tested image come from: the engine's export, or an archive in a file.

Both give the same: the layers by content beforehand, and a `docker save` stream. Neither is trusted:
what comes is hashed and compared on its way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ctr_ci.engine import Engine
from ctr_ci.oci import Digest
from ctr_ci.problem import InputError, Problem, Refused

PIECE = 1 << 20


class EngineContent:
    """The engine, connected to when it is first needed: an unchanged image needs none."""

    def __init__(self, connect: Callable[[], Engine]) -> None:
        self._connect = connect
        self._made: Engine | None = None

    def find(self, reference: str) -> Digest:
        """The ID of an image by its name. Raises InputError where there is none."""
        found = self._engine().image(reference)
        if found is None:
            raise InputError(
                Problem(f"no image {reference} in the engine", help="`docker image ls` lists what there is")
            )
        return Digest.parse(found.id)

    def layers(self, image_id: Digest) -> tuple[Digest, ...]:
        found = self._engine().image(str(image_id))
        if found is None:
            raise Refused(
                Problem(
                    f"the tested image is no longer present: {image_id}",
                    help="it was removed from the engine since the run; `ctr-ci run` again",
                )
            )
        return tuple(Digest.parse(layer) for layer in found.layers)

    def export(self, image_id: Digest) -> Iterator[bytes]:
        return self._engine().export(str(image_id))

    def close(self) -> None:
        if self._made:
            self._made.close()

    def _engine(self) -> Engine:
        self._made = self._made or self._connect()
        return self._made


class ArchiveContent:
    """A `docker save` archive, or an OCI layout in an archive or folder: read twice,
    first only to learn and check what it holds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[Digest, tuple[Digest, ...]] = {}

    def find(self, wanted: str) -> Digest:
        """The ID of the archive's image; `wanted` is its name or ID where there are several."""
        from ctr_ci import image

        found = image.read(self._pieces(), lambda file, passing: None, wanted)
        self._known[found.config_digest] = tuple(layer.diff_id for layer in found.layers)
        return found.config_digest

    def layers(self, image_id: Digest) -> tuple[Digest, ...]:
        if image_id not in self._known:
            self.find(str(image_id))
        if image_id not in self._known:
            raise Refused(Problem(f"{self._path} does not hold the tested image {image_id}"))
        return self._known[image_id]

    def export(self, image_id: Digest) -> Iterator[bytes]:
        return self._pieces()

    def close(self) -> None:
        """Nothing is kept open."""

    def _pieces(self) -> Iterator[bytes]:
        try:
            yield from _folder(self._path) if self._path.is_dir() else _file(self._path)
        except OSError as error:
            problem = Problem(f"an archive that cannot be read ({error.strerror})", path=str(self._path))
            raise InputError(problem) from error


def _file(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _folder(path: Path) -> Iterator[bytes]:
    """An OCI layout in a folder, as the archive that it would be."""
    from tarfile import BLOCKSIZE, TarInfo

    for file in sorted(path.rglob("*")):
        if file.is_file():
            head = TarInfo(file.relative_to(path).as_posix())
            head.size = file.stat().st_size
            yield head.tobuf()
            yield from _file(file)
            yield bytes(-head.size % BLOCKSIZE)
    yield bytes(2 * BLOCKSIZE)
