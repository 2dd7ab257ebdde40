"""Java archives by their Maven coordinates, else by their file name; .NET applications by deps.json."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping

from ctr_ci.image.packages.package import Package

ENDS = (".jar", ".war", ".ear")
LARGEST = 4 << 20  # larger ones are applications with all they need inside: the name says enough
DEPS = ".deps.json"


def wanted(path: str, size: int) -> bool:
    return path.endswith(ENDS) and size <= LARGEST


def distil(raw: bytes) -> bytes:
    """What is kept of an archive while its layer is read: the coordinates alone."""
    return "\t".join(coordinates(raw)).encode("utf-8", "surrogateescape")


def coordinates(raw: bytes) -> tuple[str, str]:
    """Name and version that the one pom.properties of an archive tells; "" where there is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            poms = [
                name
                for name in archive.namelist()
                if re.fullmatch(r"META-INF/maven/.*/pom\.properties", name)
            ]
            if len(poms) != 1 or archive.getinfo(poms[0]).file_size > 1 << 16:
                return "", ""
            lines = archive.read(poms[0]).decode("utf-8", "replace").splitlines()
    except (zipfile.BadZipFile, ValueError, OSError, KeyError, NotImplementedError, RuntimeError, EOFError):
        return "", ""
    fields = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return f"{fields.get('groupId', '')}:{fields.get('artifactId', '')}".strip(":"), fields.get("version", "")


def read(kept: Mapping[str, bytes], paths: Mapping[str, object]) -> Iterator[Package]:
    for path in paths:
        if path.endswith(ENDS):
            told = kept.get(path, b"").decode("utf-8", "surrogateescape")
            name, _, version = told.partition("\t")
            if not name:
                name, version = _by_name(path.rpartition("/")[2].rpartition(".")[0])
            yield Package("maven", name, version, (path,))
        elif path.endswith(DEPS):
            name = path.rpartition("/")[2].removesuffix(DEPS)
            folder = path.rpartition("/")[0]
            if folder:
                yield Package("nuget", name, "", (path,), (folder,))


def _by_name(stem: str) -> tuple[str, str]:
    """`guava-31.1-jre` → guava, 31.1-jre."""
    match = re.match(r"(.+?)-(\d[\w.+-]*)$", stem)
    return (match[1], match[2]) if match else (stem, "")
