"""Python distributions by their dist-info (PyPA "Recording installed projects"), and conda's records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from posixpath import normpath

from ctr_ci.image.packages.package import Package

RECORD = ".dist-info/RECORD"


def wanted(path: str) -> bool:
    return path.endswith(RECORD) or ("/conda-meta/" in path and path.endswith(".json"))


def read(kept: Mapping[str, bytes]) -> Iterator[Package]:
    for path, raw in kept.items():
        if path.endswith(RECORD):
            yield _distribution(path, raw)
        elif "/conda-meta/" in path:
            package = _conda(path, raw)
            if package is not None:
                yield package


def _distribution(path: str, raw: bytes) -> Package:
    """RECORD's paths count from the folder that holds the dist-info; scripts lie outside it."""
    folder, _, info = path.removesuffix("/RECORD").rpartition("/")
    name, _, version = info.removesuffix(".dist-info").rpartition("-")
    files, tops = [], set()
    for line in raw.decode("utf-8", "surrogateescape").splitlines():
        written = line[1:].partition('"')[0] if line.startswith('"') else line.partition(",")[0]
        if not written:
            continue
        full = written.lstrip("/") if written.startswith("/") else normpath(f"{folder}/{written}")
        files.append(full)
        top, slash, _ = written.partition("/")
        if slash and top not in ("..", "", "bin", "__pycache__"):
            tops.add(f"{folder}/{top}")
    return Package("pip", name.lower().replace("_", "-"), version, tuple(files), tuple(sorted(tops)))


def _conda(path: str, raw: bytes) -> Package | None:
    try:
        record = json.loads(raw)
        root = path.partition("/conda-meta/")[0]
        files = tuple(f"{root}/{file}" for file in record.get("files", ()))
        return Package("conda", str(record["name"]), str(record["version"]), (path, *files))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
