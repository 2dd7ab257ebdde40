"""The rules of volumes: names, paths, and who must share one (cloud-build-local validate.go)."""

from __future__ import annotations

from posixpath import normpath

from ctr_ci.cloudbuild.build import Build, Volume
from ctr_ci.cloudbuild.complaints import Complaints
from ctr_ci.cloudbuild.names import VOLUME

RESERVED = frozenset({"/workspace", "/builder/home", "/var/run/docker.sock"})


def clean(path: str) -> str:
    """A path as the engine sees it: no `.`, `..`, `//`, no slash at the end."""
    cleaned = normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned


def check_volumes(build: Build, complaints: Complaints) -> None:
    shared = build.options.volumes
    _list(shared, complaints)
    if shared and len(build.steps) < 2:
        complaints.error(
            shared[0].span,
            "global volumes in a build of fewer than two steps",
            "two steps that share a volume",
            "write to a folder below /workspace, or in the container",
        )
    users: dict[str, list[Volume]] = {}
    for step in build.steps:
        _list(step.volumes, complaints)
        for volume in step.volumes:
            users.setdefault(volume.name.value, []).append(volume)
            for other in shared:
                if volume.name.value == other.name.value or volume.path.value == other.path.value:
                    at = volume.name if volume.name.value == other.name.value else volume.path
                    complaints.error(
                        at.span,
                        f'volume "{volume.name.value}" of step {step.index} conflicts with global volume'
                        f' "{other.name.value}"',
                        "another name and path than options.volumes has",
                        "every step sees the global ones without naming them",
                    )
    for name, volumes in users.items():
        if len(volumes) == 1:
            complaints.error(
                volumes[0].span,
                f'Volume "{name}" is only used by one step',
                "at least two steps with it",
                "a folder that no other step reads needs no volume",
            )


def _list(volumes: tuple[Volume, ...], complaints: Complaints) -> None:
    names: set[str] = set()
    paths: set[str] = set()
    for volume in volumes:
        name, path = volume.name.value, volume.path.value
        if not VOLUME.fullmatch(name):
            complaints.error(
                volume.name.span,
                f'the volume name "{name}"',
                "two or more letters, digits, `_`, `.` or `-`, the first a letter or digit",
            )
        cleaned = clean(path)
        if not path.startswith("/"):
            complaints.error(volume.path.span, f'the volume path "{path}"', "an absolute path")
        elif cleaned in RESERVED or (cleaned + "/").startswith("/cloudbuild/"):
            complaints.error(
                volume.path.span,
                f'the volume path "{path}", which Cloud Build keeps for itself',
                f"none of {', '.join(sorted(RESERVED))}, and nothing below /cloudbuild/",
            )
        if name in names or cleaned in paths:
            complaints.error(
                volume.span,
                f'"{name if name in names else path}" is defined in more than one volume entry',
                "each name and each path once in a list",
            )
        names.add(name)
        paths.add(cleaned)
