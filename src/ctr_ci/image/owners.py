"""Which package a path belongs to.

A package manager's word comes first, then a language's own records, then the nearest folder that one
owns. Databases write paths as they were installed (`/bin/sh`); on a merged /usr the file is elsewhere,
so every listed path is led through the tree's symlinks before it is compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from ctr_ci.image.merge import Merged
from ctr_ci.image.packages.dpkg import INFO
from ctr_ci.image.packages.package import Package
from ctr_ci.image.tar import DIRECTORY

BYTECODE = re.compile(r"(.*/)?__pycache__/([^/]+?)\.[\w-]+(?:\.opt-\d)?\.pyc$")


class Owners:
    """The owners at one state of an image's packages."""

    def __init__(self, packages: Iterable[Package], merged: Merged) -> None:
        self._merged = merged
        self._folder_of: dict[str, str] = {}
        self._files: dict[str, Package] = {}
        self._folders: dict[str, Package | None] = {}  # None: several claim it
        self._nearest: dict[str, Package | None] = {}
        self._debian: dict[str, Package] = {}
        listed = sorted(packages, key=lambda package: not package.system)
        for package in listed:
            for path in package.files:
                self._files.setdefault(self.place(path), package)
            if package.ecosystem == "deb":
                self._debian[package.name] = package
        self._claim(listed)

    def _claim(self, packages: list[Package]) -> None:
        extensions: list[str] | None = None
        for package in packages:
            for folder in package.folders:
                names = [folder]
                if "*" in folder:
                    if extensions is None:
                        tree = self._merged.tree.items()
                        extensions = [p for p, f in tree if "/extensions/" in p and f.entry.kind == DIRECTORY]
                    names = [name for name in extensions if fnmatchcase(name, folder)]
                for name in names:
                    real = self.place(name)
                    other = self._folders.get(real, package)
                    self._folders[real] = package if other is package else None

    def place(self, path: str) -> str:
        """`path` with the symlinks among its folders followed."""
        folder, slash, base = path.rpartition("/")
        if not slash:
            return path
        real = self._folder_of.get(folder)
        if real is None:
            real = self._folder_of[folder] = self._merged.real(folder)
        return f"{real}/{base}" if real else base

    def of(self, path: str) -> Package | None:
        """The owner of a path of the merged tree (or of one that was there), None for nobody."""
        owner = self._files.get(path)
        if owner is not None:
            return owner
        if path.startswith(INFO):
            stem = path[len(INFO) :].rpartition(".")[0].partition(":")[0]
            return self._debian.get(stem)
        if path.endswith(".pyc"):
            compiled = BYTECODE.match(path)
            if compiled:
                source = self._files.get(f"{compiled[1] or ''}{compiled[2]}.py")
                if source is not None:
                    return source
        return self._near(path.rpartition("/")[0])

    def _near(self, folder: str) -> Package | None:
        """The owner of the nearest folder that has one."""
        if not folder or not self._folders:
            return None
        if folder in self._nearest:
            return self._nearest[folder]
        owner = self._folders[folder] if folder in self._folders else self._near(folder.rpartition("/")[0])
        self._nearest[folder] = owner
        return owner
