"""A package as its database tells of it, whatever the ecosystem."""

from __future__ import annotations

from dataclasses import dataclass

Key = tuple[str, str, str]  # ecosystem, name, place
SYSTEM = frozenset({"deb", "apk", "rpm", "pacman"})


@dataclass(frozen=True, slots=True)
class Package:
    """`files` are paths from the root, folders among them; `folders` are owned with all below.

    `depends`: each a choice of names (or sonames) of which one must be there. `automatic`: installed
    only because others need it. `dev`: the application's own manifest calls it a development need.
    `section` is the distribution's word for what it is for (Debian policy §2.4; rpm's Group).
    """

    ecosystem: str  # deb apk rpm pacman pip conda npm gem composer go cargo maven nuget cpan
    name: str
    version: str
    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    section: str = ""
    depends: tuple[tuple[str, ...], ...] = ()
    provides: tuple[str, ...] = ()
    automatic: bool = False
    essential: bool = False
    dev: bool = False

    @property
    def key(self) -> Key:
        """Which package it is: a language's may lie in several places, in several versions."""
        if self.system:
            return self.ecosystem, self.name, ""
        return self.ecosystem, self.name, next(iter((*self.folders, *self.files)), "")

    @property
    def system(self) -> bool:
        """Whether a distribution's package manager installed it."""
        return self.ecosystem in SYSTEM
