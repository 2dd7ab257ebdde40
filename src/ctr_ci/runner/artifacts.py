"""What a build leaves besides images: `artifacts.objects` and packages, kept in a local folder.

Google uploads them; here they are copied to where the user can look at them, and nothing leaves the
machine. What a step made is hostile: a link is never followed out of the workspace.
"""

from __future__ import annotations

import json
import os
import shutil
from base64 import b64encode
from collections.abc import Iterator
from glob import glob
from hashlib import file_digest, md5
from pathlib import Path

from ctr_ci.plan import Package, Plan
from ctr_ci.problem import Problem
from ctr_ci.value import value

WORKSPACE = "/workspace"
# The field of each kind of package that names its files.
SOURCES = {
    "mavenArtifacts": ("path", "deployFolder"),
    "pythonPackages": ("paths",),
    "npmPackages": ("packagePath",),
    "goModules": ("sourcePath",),
    "oci": ("file",),
    "genericArtifacts": ("folder",),
}


@value
class Kept:
    """One file that was kept: where Google would have put it, where it is now, its size in bytes."""

    kind: str
    location: str
    path: Path
    size_bytes: int


class Unmatched(Exception):
    """A pattern matches nothing, or something that lies outside the workspace: the build fails."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.found)
        self.problem = problem


def collect(plan: Plan, workspace: Path, target: Path, build_id: str) -> Iterator[Kept]:
    """Copies what `artifacts:` names from `workspace` below `target`, one file after the other.

    Objects land flat below `BUCKET/PREFIX`, as gsutil's copy does, with the manifest
    `artifacts-BUILD_ID.json` beside them ([D-schema] artifacts.objects). Raises Unmatched.
    """
    if plan.object_location:
        yield from _objects(plan, workspace, target, build_id)
    for package in plan.packages:
        yield from _package(package, workspace, target, plan.config_path)


def _objects(plan: Plan, workspace: Path, target: Path, build_id: str) -> Iterator[Kept]:
    location = plan.object_location.removeprefix("gs://").rstrip("/")
    folder = _below(target, location, plan.config_path)
    lines = []
    for pattern in plan.object_paths:
        for found in _matches(pattern, workspace, plan.config_path):
            kept = _copy(found, folder / found.name, "objects", f"gs://{location}/{found.name}")
            with kept.path.open("rb") as file:
                digest = b64encode(file_digest(file, lambda: md5(usedforsecurity=False)).digest()).decode()
            entry = {"file_hash": [{"type": "MD5", "value": digest}]}
            lines.append(json.dumps({"location": kept.location, "file_hash": [entry]}) + "\n")
            yield kept
    manifest = folder / f"artifacts-{build_id}.json"
    folder.mkdir(parents=True, exist_ok=True)
    manifest.write_text("".join(lines), encoding="utf-8")


def _package(package: Package, workspace: Path, target: Path, config_path: str) -> Iterator[Kept]:
    fields = dict(package.fields)
    where = next((fields[name][0] for name in ("repository", "registryPath") if fields.get(name)), "")
    folder = target / package.kind
    for name in SOURCES.get(package.kind, ()):
        for pattern in fields.get(name, ()):
            for found in _matches(pattern or ".", workspace, config_path):
                for file in _files(found):
                    inside = file.relative_to(found.parent if found.is_file() else found)
                    yield _copy(file, folder / inside, package.kind, f"{where.rstrip('/')}/{inside}")


def _matches(pattern: str, workspace: Path, config_path: str) -> list[Path]:
    """The files and folders of a pattern, in order. Paths are relative to the workspace."""
    inside = pattern.removeprefix(WORKSPACE).lstrip("/") or "."
    root = workspace.resolve()
    found = []
    for name in sorted(glob(inside, root_dir=workspace, recursive=True, include_hidden=True)):
        path = workspace / name
        if not path.resolve().is_relative_to(root):
            raise Unmatched(
                Problem(
                    f"artifact {pattern!r}: {name} leads out of the workspace",
                    expected="a file below /workspace",
                    path=config_path,
                )
            )
        if path.is_file() or (path.is_dir() and not _is_pattern(inside)):
            found.append(path)
    if not found:
        raise Unmatched(
            Problem(
                f"artifact {pattern!r}: no file of the workspace matches",
                expected="a file that a step made, by its path from /workspace",
                help="`ctr-ci run --keep` leaves the workspace to look at",
                path=config_path,
            )
        )
    return found


def _is_pattern(pattern: str) -> bool:
    return any(character in pattern for character in "*?[")


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for folder, _, names in os.walk(path):
        yield from (file for name in sorted(names) if not (file := Path(folder, name)).is_symlink())


def _copy(source: Path, target: Path, kind: str, location: str) -> Kept:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return Kept(kind, location, target, target.stat().st_size)


def _below(target: Path, location: str, config_path: str) -> Path:
    folder = Path(os.path.normpath(target / location))
    if not folder.is_relative_to(target):
        raise Unmatched(
            Problem(f"artifacts.objects.location {location!r} leads out of its bucket", path=config_path)
        )
    return folder
