"""Which packages an image has, which it once had, and which layer brought each.

A layer that changes a package database tells by the difference what it brought. What a later layer
took out again is gone from the last state and its bytes are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ctr_ci.image.layers import Layer
from ctr_ci.image.merge import Merged
from ctr_ci.image.packages import databases
from ctr_ci.image.packages.package import Key, Package
from ctr_ci.image.share import Share
from ctr_ci.image.state import State
from ctr_ci.image.weight import PackageWeight


def installed(
    layers: Sequence[Layer], merged: Merged, state: State
) -> tuple[tuple[Package, ...], tuple[Package, ...], dict[tuple[Key, str], int]]:
    """The packages at the end, those that were there once, and each with its version → the layer in
    whose databases it first stands."""
    brought: dict[tuple[Key, str], int] = {}
    once: dict[Key, Package] = {}
    kept: dict[str, bytes] = {}
    packages: tuple[Package, ...] = ()
    for index, layer in enumerate(layers):
        changed = _apply(kept, layer)
        last = index == len(layers) - 1
        if not changed and not last and not layer.binaries:
            continue
        paths: Mapping[str, object] = merged.tree if last else layer.entries
        binaries = state.binaries if last else layer.binaries
        packages = databases.read(kept, binaries, paths)
        for package in packages:
            brought.setdefault((package.key, package.version), index)
            once[package.key] = package
    present = {package.key for package in packages}
    return packages, tuple(p for key, p in once.items() if key not in present), brought


def _apply(kept: dict[str, bytes], layer: Layer) -> bool:
    """Brings the kept files to the state after a layer; whether any of them changed."""
    folders = tuple(f"{folder}/" for folder in (*layer.deleted, *layer.opaque))
    gone = [path for path in kept if path in layer.deleted or (folders and path.startswith(folders))]
    for path in gone:
        del kept[path]
    kept.update(layer.kept)
    return bool(gone or layer.kept)


def counted(tally: dict[Key, list[int]], owner: Package | None, size: int) -> tuple[str, str]:
    """The owner's ecosystem and name; its bytes are added to its own in `tally`."""
    if owner is None:
        return "", ""
    counts = tally.setdefault(owner.key, [0, 0])
    counts[0] += size
    counts[1] += 1
    return owner.ecosystem, owner.name


def package_weights(
    groups: Sequence[tuple[bool, Sequence[Package], Mapping[Key, list[int]]]],
    build: Mapping[Key, str],
    brought: Mapping[tuple[Key, str], int],
) -> tuple[PackageWeight, ...]:
    """The packages with their bytes, heaviest first. `groups`: whether they are gone, which they are,
    and bytes and files of each; `build`: why only building needs it."""
    found: dict[Key, PackageWeight] = {}
    for removed, packages, tally in groups:
        for package in packages:
            size, files = tally.get(package.key, (0, 0))
            why = build.get(package.key, "")
            found[package.key] = PackageWeight(
                package.ecosystem,
                package.name,
                package.version,
                size,
                files,
                Share.BUILD if why else Share.RUNTIME,
                why,
                brought.get((package.key, package.version), -1),
                removed,
            )
    return tuple(sorted(found.values(), key=lambda p: (-p.size_bytes, p.ecosystem, p.name, p.version)))
