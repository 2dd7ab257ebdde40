"""All package databases together: which files hold them, and what they say at one state of an image."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ctr_ci.image.elf import Binary
from ctr_ci.image.packages import apk, binaries, dpkg, java, npm, pacman, perl, php, python, rpm, ruby
from ctr_ci.image.packages.package import Package

READERS = (dpkg, apk, rpm, pacman, python, npm, ruby, php, perl)
LARGEST_MANIFEST = 8 << 20
# Asked for every file of an image, so most are turned away by the end of their names.
ENDS = frozenset({".list", ".json", ".gemspec", ".sqlite", ".packlist", ".md5sums", *java.ENDS})
NAMES = frozenset(
    ("status", "diversions", "extended_states", "installed", "world", "RECORD", "desc", "files")
) | {"container-manifest-2"}


def _as_it_is(raw: bytes) -> bytes:
    return raw


def keep(path: str, size: int) -> Callable[[bytes], bytes] | None:
    """What to keep of a file, None for one that tells of no package."""
    base = path[path.rfind("/") + 1 :]
    dot = base.rfind(".")
    if (base[dot:] if dot >= 0 else "") not in ENDS and base not in NAMES and not path.startswith(dpkg.PARTS):
        return None
    if java.wanted(path, size):
        return java.distil
    if base.endswith(".json") and size > LARGEST_MANIFEST:
        return None
    return _as_it_is if any(reader.wanted(path) for reader in READERS) else None


def read(
    kept: Mapping[str, bytes], programs: Mapping[str, Binary], paths: Mapping[str, object]
) -> tuple[Package, ...]:
    """The packages of one state: of the system first, so that theirs is what they also own."""
    found: list[Package] = []
    for reader in READERS:
        found += reader.read(kept)
    found += java.read(kept, paths)
    found += binaries.read(programs)
    return tuple(found)


def unread(paths: Mapping[str, object]) -> tuple[str, ...]:
    """Package databases that are there and that nothing here can read."""
    places = (folder + base for folder in rpm.FOLDERS for base in rpm.UNREAD)
    return tuple(f"/{place}: {rpm.unread(place)} is not read" for place in places if place in paths)
