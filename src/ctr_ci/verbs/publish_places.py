"""Where `publish` puts each image: its own name, or a place that was named. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ctr_ci.oci import Reference, Repository
from ctr_ci.problem import InputError, Problem
from ctr_ci.publish import Release


def targets(to: tuple[str, ...], chosen: tuple[Release, ...]) -> Iterator[tuple[Release, Reference]]:
    """Each release with each place that it goes to."""
    for each in to:
        yield from zip(chosen, _places(each, chosen), strict=True)


def _places(to: str, chosen: tuple[Release, ...]) -> tuple[Reference, ...]:
    """Where each release goes: `to` itself for one image, below it for several."""
    if not to:
        for release in chosen:
            if _bare_id(release.name):
                raise InputError(Problem("an image without a name", help="say where: `--to HOST/REPOSITORY`"))
        return tuple(Reference.parse(release.name) for release in chosen)
    if "/" not in to:
        raise InputError(Problem(f"--to {to}", expected="HOST/REPOSITORY"))
    target = Reference.parse(to)
    named = [None if _bare_id(release.name) else Reference.parse(release.name) for release in chosen]
    if len({release.image_id for release in chosen}) == 1:
        return tuple(
            Reference(target.repository, target.tag or (name.tag if name else None)) for name in named
        )
    below = []
    for name in named:
        if name is None:
            raise InputError(Problem("several images, one without a name", help="publish them one by one"))
        last = name.repository.name.rpartition("/")[2]
        repository = Repository.parse(f"{target.repository}/{last}")
        below.append(Reference(repository, target.tag or name.tag))
    return tuple(below)


def _bare_id(name: str) -> bool:
    """Is it no name but an ID, or the beginning of one?"""
    return (
        not name or name.startswith("sha256:") or (len(name) >= 12 and set(name) <= set("0123456789abcdef"))
    )
