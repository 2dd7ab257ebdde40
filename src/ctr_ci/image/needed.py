"""Which packages only building needs: by name, and by nobody else's asking for them.

A toolchain brings along what no name betrays (ISL for GCC, a hundred node-* packages for npm). A
package goes with it when the package manager marks it as brought along and nothing that stays needs
it: no package, no program of the application's by its ELF entries, no script by its first line, no
language's files by their interpreter, and not the image's own command.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ctr_ci.image.owners import Owners
from ctr_ci.image.packages.package import Key, Package
from ctr_ci.image.state import State
from ctr_ci.image.tar import FILE
from ctr_ci.image.tools import why_build

# What shows that a language's interpreter is needed, and under which names that is found.
LANGUAGES = {
    "pip": ("python3", "python"),
    "conda": ("python3", "python"),
    "npm": ("node", "nodejs"),
    "gem": ("ruby",),
    "composer": ("php",),
    "cpan": ("perl",),
    "maven": ("java",),
    "nuget": ("dotnet",),
}
ENDS = {
    ".py": ("python3", "python"),
    ".js": ("node", "nodejs"),
    ".mjs": ("node", "nodejs"),
    ".cjs": ("node", "nodejs"),
    ".rb": ("ruby",),
    ".php": ("php",),
    ".pl": ("perl",),
    ".pm": ("perl",),
    ".jar": ("java",),
    ".war": ("java",),
    ".class": ("java",),
    ".sh": ("sh",),
    ".R": ("Rscript",),
    ".lua": ("lua",),
    ".tcl": ("tclsh",),
}


def build_only(
    packages: Iterable[Package], state: State, owners: Owners, application: frozenset[str]
) -> dict[Key, str]:
    """Key of a package → why only building needs it. `application`: the files that no package of the
    system owns and that are no build place by themselves."""
    everything = tuple(packages)
    by_name = {package.key: package for package in everything}
    judged = {package.key: why for package in everything if (why := why_build(package))}
    started = {owner.key for path in state.started() if (owner := owners.of(path)) is not None}
    for key in started:
        judged.pop(key, None)  # the image's purpose is to run it
    inside = tuple(f"{key[2]}/" for key in started if key[0] == "npm")
    judged = {key: why for key, why in judged.items() if not (inside and key[2].startswith(inside))}
    graph = _Graph(everything)
    roots = {
        p.key for p in everything if p.system and p.key not in judged and (p.essential or not p.automatic)
    }
    roots |= {key for key in started if by_name[key].system}
    roots |= set(_asked(everything, judged, state, owners, application))
    stays = graph.reach(sorted(roots), without=judged)
    brought = graph.reach(sorted(key for key in judged if by_name[key].system), without={})
    for key, (_, who, _) in brought.items():
        if key not in stays and key not in judged and by_name[key].automatic and not by_name[key].essential:
            judged[key] = f"needed by build packages alone ({who})"
    return judged


def _asked(
    packages: tuple[Package, ...],
    judged: dict[Key, str],
    state: State,
    owners: Owners,
    application: frozenset[str],
) -> Iterator[Key]:
    """The system's packages that the application's own files ask for."""
    commands: set[str] = set()
    for package in packages:
        if not package.system and package.key not in judged and package.ecosystem in LANGUAGES:
            commands.update(LANGUAGES[package.ecosystem])
    sonames: set[str] = set()
    for path in application:
        dot = path.rfind(".")
        commands.update(ENDS.get(path[dot:], ()) if dot > path.rfind("/") else ())
        binary = state.binaries.get(path)
        if binary is not None:
            sonames.update(binary.needed or ())
        for interpreter in state.interpreter(path):
            owner = owners.of(interpreter)
            if owner is not None and owner.system:
                yield owner.key
    for command in commands:
        owner = owners.of(state.find(command))
        if owner is not None and owner.system:
            yield owner.key
    if sonames:
        for path, found in state.merged.tree.items():
            if found.entry.kind != FILE and not found.entry.link:
                continue
            if path[path.rfind("/") + 1 :] in sonames:
                for place in (path, state.merged.real(path)):
                    owner = owners.of(place)
                    if owner is not None and owner.system:
                        yield owner.key


class _Graph:
    """Who needs whom, by names and by what packages say they provide."""

    def __init__(self, packages: tuple[Package, ...]) -> None:
        providers: dict[str, list[Key]] = {}
        for package in packages:
            if package.system:
                for name in (package.name, *package.provides):
                    providers.setdefault(name, []).append(package.key)
        self._needs: dict[Key, tuple[Key, ...]] = {}
        for package in packages:
            wants = (
                key
                for choice in package.depends
                for key in next((providers[name] for name in choice if name in providers), ())
            )
            self._needs[package.key] = tuple(dict.fromkeys((*self._needs.get(package.key, ()), *wants)))

    def reach(self, roots: Iterable[Key], without: Mapping[Key, str]) -> dict[Key, Key]:
        """The roots and all they need, not going through `without`; each with the root that it was
        first reached from, the nearest one."""
        seen = {root: root for root in roots}
        waiting = list(seen)
        for key in waiting:  # grows while it is walked: breadth first
            for need in self._needs.get(key, ()):
                if need not in seen and need not in without:
                    seen[need] = seen[key]
                    waiting.append(need)
        return seen
