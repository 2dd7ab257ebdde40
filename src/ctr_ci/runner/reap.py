"""Removes what builds left whose process is dead: by our labels, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from ctr_ci.engine import OWNER_LABEL, Engine, Owned, left
from ctr_ci.problem import Problem, WorldError
from ctr_ci.runner.owner import KEPT, dead
from ctr_ci.value import value

FOLDERS = "ctr-ci-*"
Kept = Literal["leave", "remove"]
ORDER = ("container", "network", "volume")


@value
class Reaped:
    """`kind`: container, network, volume or folder; `problem` is set where it could not be removed."""

    kind: str
    name: str
    build_id: str
    problem: Problem | None = None


def reap(engine: Engine, folders: Path | None = None, kept: Kept = "leave") -> tuple[Reaped, ...]:
    """Removes what dead processes left in the engine and, as folders of builds, in `folders`.

    What a living process owns stays, as does what is owned by another machine; what was kept on
    purpose goes where `kept` is "remove". Raises WorldError where the engine cannot be asked.
    """

    def given_up(name: str) -> bool:
        return dead(name) or (name == KEPT and kept == "remove")

    lost = [thing for thing in engine.owned() if given_up(thing.owner) and not _inherited(engine, thing)]
    lost.sort(key=lambda thing: ORDER.index(thing.kind))
    return (*(_remove(engine, thing) for thing in lost), *(_folders(folders, given_up) if folders else ()))


def _inherited(engine: Engine, thing: Owned) -> bool:
    """Whether a container has our labels from its image, and so is anybody's: images can be given any
    label, and `docker commit` keeps those of the container."""
    image = engine.image(thing.image_id) if thing.image_id else None
    return image is not None and (OWNER_LABEL, thing.owner) in image.labels


def _remove(engine: Engine, thing: Owned) -> Reaped:
    remove = {
        "container": engine.remove,
        "network": engine.remove_network,
        "volume": engine.remove_volume,
    }[thing.kind]
    try:
        remove(thing.id)
    except WorldError as error:
        return Reaped(thing.kind, thing.id, thing.build_id, error.problems[0])
    return Reaped(thing.kind, thing.id, thing.build_id)


def _folders(place: Path, given_up: Callable[[str], bool]) -> Iterator[Reaped]:
    for folder in sorted(place.glob(FOLDERS)):
        try:
            name = (folder / "owner").read_text(encoding="utf-8")
        except FileNotFoundError:
            name = ""
        except OSError:
            continue  # another user's, or no folder
        # Killed before it could write its name: the folder's own name says whose it is.
        if given_up(name) if name else left(folder.name):
            shutil.rmtree(folder, ignore_errors=True)
            stays = Problem("some of it belongs to another user", help=f"sudo rm -r {folder}")
            yield Reaped("folder", str(folder), "", stays if folder.exists() else None)
