"""Alpine's database `lib/apk/db/installed` and the world file (apk-tools, apk v2 installed format)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ctr_ci.image.packages.package import Package

DATABASES = ("lib/apk/db/installed", "usr/lib/apk/db/installed")
WORLD = "etc/apk/world"


def wanted(path: str) -> bool:
    return path in DATABASES or path == WORLD


def read(kept: Mapping[str, bytes]) -> Iterator[Package]:
    """The installed packages. What `world` does not name was installed for others' sake."""
    world = kept.get(WORLD, b"").decode("utf-8", "surrogateescape").split()
    chosen = {_name(word) for word in world}
    for database in DATABASES:
        for record in kept.get(database, b"").decode("utf-8", "surrogateescape").split("\n\n"):
            package = _package(record, chosen)
            if package is not None:
                yield package


def _package(record: str, chosen: set[str]) -> Package | None:
    name = version = folder = ""
    depends: list[tuple[str, ...]] = []
    provides: list[str] = []
    files: list[str] = []
    for line in record.split("\n"):
        key, text = line[:2], line[2:]
        if key == "P:":
            name = text
        elif key == "V:":
            version = text
        elif key == "D:":
            depends = [(_name(word),) for word in text.split() if not word.startswith("!")]
        elif key == "p:":
            provides = [_name(word) for word in text.split()]
        elif key == "F:":
            folder = text
            files.append(folder)
        elif key == "R:":
            files.append(f"{folder}/{text}" if folder else text)
    if not name:
        return None
    return Package(
        "apk",
        name,
        version,
        tuple(files),
        depends=tuple(depends),
        provides=tuple(provides),
        automatic=bool(chosen) and name not in chosen,
        # apk has no word for essential: what a rootfs is made of before anything is added.
        essential=name in ("alpine-baselayout", "alpine-keys", "apk-tools", "busybox", "musl", "alpine-base"),
    )


def _name(word: str) -> str:
    """`so:libz.so.1=1.3`, `curl>8`, `.deps@edge` → the name alone."""
    return re.split("[<>=~@]", word, maxsplit=1)[0]
