"""What an image weighs and what for: the value that every report, gate and proof reads.

The size is the engine's (overlay2): the bytes of each layer's files, hard links counted once, and of
symlinks their targets' length. The engine counts the latter for layers that it was given (pulled,
loaded, imported, committed) and not for those that BuildKit made (moby layer/filestore vs.
builder-next ChecksumForGraphID), so each layer says which it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from ctr_ci.image.secrets import Leak
from ctr_ci.image.share import Share


@dataclass(frozen=True, slots=True)
class Item:
    """What is at a path in a layer (no folders), and its bytes: 0 for an empty file, a further hard
    link, a symlink that its engine does not count.

    `share` adds up to the whole image; `was` is what hidden bytes (share WASTE) would be, else the
    same. `why` says what decided; `how` what hid them ("" if nothing did: "overwritten", "stored
    again", "deleted"), `by` which layer."""

    path: str
    layer: int
    size: int
    share: Share
    was: Share
    why: str
    ecosystem: str
    package: str
    how: str = ""
    by: int = -1


@dataclass(frozen=True, slots=True)
class LayerWeight:
    """`instruction`: as a Dockerfile would say it, "" where the history does not tell. `tar_bytes`: the
    layer's plain tar with headers and padding. `base`: brought by the base image."""

    index: int
    diff_id: str
    instruction: str
    created: str
    size_bytes: int
    tar_bytes: int
    files: int
    base: bool


@dataclass(frozen=True, slots=True)
class PackageWeight:
    """A package with the bytes that it has in the merged tree. `layer`: which brought it (this version
    of it), -1 where that is unknown. `removed`: a later layer took it out of the database."""

    ecosystem: str
    name: str
    version: str
    size_bytes: int
    files: int
    share: Share
    why: str
    layer: int
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The same content at several paths of the merged tree; `wasted_bytes` of all but one."""

    paths: tuple[str, ...]
    size_bytes: int

    @property
    def wasted_bytes(self) -> int:
        return self.size_bytes * (len(self.paths) - 1)


@dataclass(frozen=True, slots=True)
class Weight:
    """An image in bytes. Σ items = Σ layers = `size_bytes`.

    `secrets`: files that hold one, in any layer. `compilers`: (language, path) of each compiler that is
    proven by being a binary of that name. `base_from`: "given", "guessed" or "" (unknown). `notes`:
    what could not be read or told. `distribution`: its ID and version, "" where it does not say.
    """

    image_id: str
    names: tuple[str, ...]
    os: str
    architecture: str
    layers: tuple[LayerWeight, ...]
    items: tuple[Item, ...]
    packages: tuple[PackageWeight, ...]
    duplicates: tuple[Duplicate, ...]
    compilers: tuple[tuple[str, str], ...]
    command: tuple[str, ...]
    base_from: str
    secrets: tuple[Leak, ...] = ()
    notes: tuple[str, ...] = ()
    distribution: tuple[str, str] = ("", "")

    def called(self, names: tuple[str, ...]) -> Weight:
        """The same under other names: an archive made by ID has none."""
        return replace(self, names=names)

    @property
    def size_bytes(self) -> int:
        return sum(layer.size_bytes for layer in self.layers)

    def bytes_of(self, share: Share) -> int:
        """The bytes of one share; all shares together are the image."""
        return sum(item.size for item in self.items if item.share is share)

    @property
    def build_bytes(self) -> int:
        """What only built the image, hidden in lower layers or not: all of it is shipped."""
        return sum(item.size for item in self.items if item.was is Share.BUILD)

    @property
    def waste_bytes(self) -> int:
        return self.bytes_of(Share.WASTE)

    @property
    def efficiency(self) -> float:
        """The part of the stored bytes that shows: 1 where no layer hides another's."""
        return 1 - self.waste_bytes / self.size_bytes if self.size_bytes else 1.0

    def shares(self) -> tuple[tuple[Share, int], ...]:
        """Every share with its bytes, in the order of `Share`."""
        sums = dict.fromkeys(Share, 0)
        for item in self.items:
            sums[item.share] += item.size
        return tuple(sums.items())


def sums(items: Iterable[Item], key: Callable[[Item], str]) -> tuple[tuple[str, int], ...]:
    """Bytes by what `key` says of an item, largest first; equal ones by name."""
    found: dict[str, int] = {}
    for item in items:
        found[key(item)] = found.get(key(item), 0) + item.size
    return tuple(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
