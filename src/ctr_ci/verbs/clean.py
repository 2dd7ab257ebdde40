"""`ctr-ci clean`: removes what killed runs left behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from typing import TextIO

from ctr_ci.engine import connect
from ctr_ci.problem import Exit
from ctr_ci.runner import reap


@dataclass(frozen=True, slots=True)
class Request:
    """`kept`: also what `ctr-ci run --keep` left on purpose."""

    engine: str | None = None
    kept: bool = False


def clean(request: Request, environment: Mapping[str, str], out: TextIO, err: TextIO) -> Exit:
    """Prints one line a thing. Exit WORLD where something could not be removed."""
    engine = connect(request.engine, environment)
    try:
        found = reap(engine, Path(gettempdir()), "remove" if request.kept else "leave")
    finally:
        engine.close()
    failed = [thing for thing in found if thing.problem is not None]
    for thing in found:
        of = f" of build {thing.build_id}" if thing.build_id else ""
        if thing.problem is None:
            out.write(f"removed {thing.kind} {thing.name[:64]}{of}\n")
    for thing in failed:
        if thing.problem is not None:
            err.write(f"warning: {thing.kind} {thing.name} stays: {thing.problem.found}\n")
    if not found:
        out.write("nothing to remove\n")
    return Exit.WORLD if failed else Exit.DONE
