"""Where records lie: `.ctr-ci/runs/<build id>/record.json` beside the source."""

from __future__ import annotations

import os
from pathlib import Path

from ctr_ci.problem import InputError, Problem, WorldError
from ctr_ci.record.form import dumps, loads
from ctr_ci.record.model import Record
from ctr_ci.source import Source

FOLDER = ".ctr-ci"
NAME = "record.json"


def place(root: Path, build_id: str) -> Path:
    """Where the record of a build belongs whose source is `root`."""
    return root / FOLDER / "runs" / build_id / NAME


def newest(root: Path) -> Path | None:
    """The record of the latest run under `root`, None where there is none."""
    found = [(path.stat().st_mtime_ns, path) for path in root.glob(f"{FOLDER}/runs/*/{NAME}")]
    return max(found)[1] if found else None


def read(path: Path) -> Record:
    """Raises InputError where the file cannot be read or is no whole record."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(
            Problem(
                f"cannot read the record: {error.strerror}",
                "the record of a run",
                "`ctr-ci run` writes one",
                path=str(path),
            )
        ) from error
    return loads(Source.decode(str(path), raw))


def write(path: Path, record: Record) -> None:
    """Replaces the file in one move: a reader sees the old record or the new one, never half.

    Raises WorldError where the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with aside.open("wb") as file:
                file.write(dumps(record))
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise WorldError(
            Problem(f"cannot write the record: {error.strerror}", "a folder to write to", path=str(path))
        ) from error
