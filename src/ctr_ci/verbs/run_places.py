"""Where a run puts what it makes: the folder of the build, its record, its events."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir, mkdtemp

from ctr_ci.engine import connect, container_id, mark
from ctr_ci.problem import CtrCiError, Problem, WorldError
from ctr_ci.runner import KEPT
from ctr_ci.verbs.run_request import Request, World


def places(request: Request, world: World, build_id: str) -> tuple[Path, Path]:
    """The record's path, and the folder of the events and of what the build leaves."""
    if request.record is not None:
        return request.record, request.record.with_name(f"{request.record.stem}.events")
    from ctr_ci import record

    _records(world.root)
    path = record.place(world.root, build_id)
    return path, path.parent


def _records(root: Path) -> None:
    """Makes the folder of records, which keeps itself out of the user's repository."""
    from ctr_ci.record import FOLDER

    folder = root / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        if not (folder / ".gitignore").exists():
            (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise WorldError(
            Problem(
                f"cannot write: {error.strerror}", "a folder for records", "or --record FILE", str(folder)
            )
        ) from error


def place_of_folder(request: Request, world: World) -> str:
    """Where the build's folder goes. In a container that may not be where temporary files usually go:
    the engine must see it, too."""
    usual = gettempdir()
    if request.carry_files or request.dry_run or not container_id():
        return usual
    try:
        engine = connect(request.engine, world.environment)
    except CtrCiError:
        return usual  # said when the build is to start
    from ctr_ci.record import FOLDER

    try:
        here = world.root / FOLDER
        wanted = (usual, world.environment.get("RUNNER_TEMP", ""), str(here.absolute()))
        place = next((path for path in wanted if path and engine.theirs(path) is not None), usual)
    except CtrCiError:
        return usual
    finally:
        engine.close()
    if place == str(here.absolute()):
        _records(world.root)
    return place


@contextmanager
def build_folder(name: str, place: str) -> Iterator[Path]:
    """The build's own folder, open to nobody else; a file in it says whose it is, and until that is
    written its name does. The runner removes it; here only where it came to nothing."""
    folder = Path(mkdtemp(prefix=f"ctr-ci-{mark()}-", dir=place))
    try:
        (folder / "owner").write_text(name, encoding="utf-8")
        yield folder
    finally:
        if not (folder / KEPT).exists():
            shutil.rmtree(folder, ignore_errors=True)
