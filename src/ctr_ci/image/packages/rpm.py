"""RPM's database in its SQLite form: header blobs of the table Packages.

The older forms (Berkeley DB until RHEL 8, SUSE's ndb) are named as unread, not guessed at.
Sources: rpm's lib/header.c and rpmtag.h; the blob is an index of 16-byte entries and a store.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator, Mapping

from ctr_ci.image.packages.package import Package

FOLDERS = ("var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/")
SQLITE = "rpmdb.sqlite"
UNREAD = {"Packages.db": "RPM's ndb database", "Packages": "RPM's Berkeley DB database"}
MANIFEST = "var/lib/rpmmanifest/container-manifest-2"
TABLE = "SELECT 1 FROM sqlite_master WHERE name = 'Packages' AND type = 'table'"
NAME, VERSION, RELEASE, GROUP = 1000, 1001, 1002, 1016
PROVIDES, REQUIRES, FOLDER_OF, BASES, FOLDER_NAMES = 1047, 1049, 1116, 1117, 1118
INT32, STRING, STRINGS, I18N = 4, 6, 8, 9


def wanted(path: str) -> bool:
    folder, _, base = path.rpartition("/")
    return (base == SQLITE and f"{folder}/" in FOLDERS) or path == MANIFEST


def unread(path: str) -> str:
    """What is at `path`, where it is a package database that we cannot read; "" else."""
    folder, _, base = path.rpartition("/")
    return UNREAD.get(base, "") if f"{folder}/" in FOLDERS else ""


def read(kept: Mapping[str, bytes]) -> Iterator[Package]:
    for folder in FOLDERS:
        raw = kept.get(folder + SQLITE)
        if raw:
            yield from _database(raw)
    for line in kept.get(MANIFEST, b"").decode("utf-8", "surrogateescape").split("\n"):
        words = line.split("\t")
        if len(words) > 1:
            yield Package("rpm", words[0], words[1])


def _database(raw: bytes) -> Iterator[Package]:
    connection = sqlite3.connect(":memory:")
    try:
        # WAL mode (bytes 18, 19 = 2) cannot be read from memory; the header's own pages are the same.
        connection.deserialize(raw[:18] + b"\1\1" + raw[20:])
        # A view of that name could go on for ever.
        if not connection.execute(TABLE).fetchone():
            return
        for (blob,) in connection.execute("SELECT blob FROM Packages WHERE typeof(blob) = 'blob'"):
            try:
                package = _header(blob)
            except struct.error:
                continue  # a header that is cut or lies about its lengths
            if package is not None:
                yield package
    except sqlite3.DatabaseError:
        return
    finally:
        connection.close()


def _header(blob: bytes) -> Package | None:
    if len(blob) < 8:
        return None
    count, size = struct.unpack_from(">II", blob)
    store = memoryview(blob)[8 + 16 * count : 8 + 16 * count + size]
    tags: dict[int, tuple[int, int, int]] = {}
    for tag, kind, offset, number in struct.iter_unpack(">IIII", blob[8 : 8 + 16 * count]):
        tags[tag] = (kind, offset, number)

    def texts(tag: int) -> list[str]:
        kind, offset, number = tags.get(tag, (0, 0, 0))
        if kind not in (STRING, STRINGS, I18N):
            return []
        parts = bytes(store[offset:]).split(b"\0", number)[:number]
        return [part.decode("utf-8", "surrogateescape") for part in parts]

    def numbers(tag: int) -> tuple[int, ...]:
        kind, offset, number = tags.get(tag, (0, 0, 0))
        return struct.unpack_from(f">{number}I", store, offset) if kind == INT32 else ()

    name = "".join(texts(NAME))
    if not name or name == "gpg-pubkey":
        return None
    folders = [folder.lstrip("/") for folder in texts(FOLDER_NAMES)]
    files = tuple(
        folders[at] + base
        for at, base in zip(numbers(FOLDER_OF), texts(BASES), strict=False)
        if at < len(folders)
    )
    return Package(
        "rpm",
        name,
        "-".join([*texts(VERSION), *texts(RELEASE)]),
        files,
        section="".join(texts(GROUP)[:1]),
        depends=tuple((need,) for need in texts(REQUIRES) if not need.startswith("rpmlib(")),
        provides=tuple(texts(PROVIDES)),
    )
