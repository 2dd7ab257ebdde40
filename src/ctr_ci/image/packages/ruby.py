"""Ruby gems by their specification files; a gem's files lie in folders named after it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ctr_ci.image.packages.package import Package

SPECIFICATIONS = "/specifications/"
NAME = re.compile(r"(.+?)-(\d[\w.]*(?:-.+)?)$")  # NAME-VERSION or NAME-VERSION-PLATFORM


def wanted(path: str) -> bool:
    return path.endswith(".gemspec") and SPECIFICATIONS in path


def read(kept: Mapping[str, bytes]) -> Iterator[Package]:
    for path, raw in kept.items():
        if not wanted(path):
            continue
        root, _, base = path.partition(SPECIFICATIONS)
        if base.startswith("default/"):
            continue  # part of Ruby itself
        full = base.removesuffix(".gemspec")
        match = NAME.match(full)
        name, version = (match[1], match[2]) if match else (full, "")
        executables = tuple(
            f"{folder}/{program}" for program in _programs(raw) for folder in (f"{root}/bin", "usr/local/bin")
        )
        files = (path, f"{root}/cache/{full}.gem", *executables)
        yield Package("gem", name, version, files, (f"{root}/gems/{full}", *_extensions(root, full)))


def _programs(raw: bytes) -> Iterator[str]:
    """The names in `s.executables = ["rspec".freeze]`."""
    for line in raw.split(b"\n"):
        words = line.strip()
        if words.startswith(b"s.executables = "):
            for part in words.split(b'"')[1::2]:
                yield part.decode("utf-8", "surrogateescape")


def _extensions(root: str, full: str) -> tuple[str, ...]:
    """Native extensions lie under extensions/PLATFORM/ABI/, a name that only the tree knows."""
    return (f"{root}/extensions/*/*/{full}",)
