"""Arch's database: a folder a package under var/lib/pacman/local, with `desc` and `files`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ctr_ci.image.packages.package import Package

LOCAL = "var/lib/pacman/local/"


def wanted(path: str) -> bool:
    return path.startswith(LOCAL) and path.endswith(("/desc", "/files"))


def read(kept: Mapping[str, bytes]) -> Iterator[Package]:
    for path, raw in kept.items():
        if not path.startswith(LOCAL) or not path.endswith("/desc"):
            continue
        about = _sections(raw)
        listing = _sections(kept.get(path.removesuffix("desc") + "files", b""))
        name = "".join(about.get("NAME", [])[:1])
        if name:
            yield Package(
                "pacman",
                name,
                "".join(about.get("VERSION", [])[:1]),
                (path, *(file.rstrip("/") for file in listing.get("FILES", []))),
                section=" ".join(about.get("GROUPS", [])),
                depends=tuple((_bare(need),) for need in about.get("DEPENDS", [])),
                provides=tuple(_bare(word) for word in about.get("PROVIDES", [])),
                automatic=about.get("REASON") == ["1"],
            )


def _sections(raw: bytes) -> dict[str, list[str]]:
    """`%NAME%` and the lines under it, up to an empty one."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in raw.decode("utf-8", "surrogateescape").split("\n"):
        if line.startswith("%") and line.endswith("%"):
            lines = found.setdefault(line.strip("%"), [])
        elif line:
            lines.append(line)
    return found


def _bare(word: str) -> str:
    for mark in "<>=":
        word = word.partition(mark)[0]
    return word
