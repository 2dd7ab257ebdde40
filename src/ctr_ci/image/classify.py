"""What each path's bytes are for, and why we think so.

In order: what only building needs by its package, what is a cache or a manual whoever owns it, what a
package of the system owns, whole toolchains by their place, a language's packages, and what path and
name of an unowned file say. What nothing speaks for is runtime.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ctr_ci.image import places
from ctr_ci.image.elf import Binary
from ctr_ci.image.packages.package import Key, Package
from ctr_ci.image.places import Place
from ctr_ci.image.share import Share

Verdict = tuple[Share, str]
LICENCES = re.compile(r"(?i)copyright|(?:un)?licen[cs]e.*|notice.*|copying.*")


class Classifier:
    """The verdicts of one image. `words`: of its command; `build`: key → why, for packages."""

    def __init__(
        self,
        words: tuple[str, ...],
        build: Mapping[Key, str],
        binaries: Mapping[str, Binary],
        compiled_script: bool,
    ) -> None:
        self._build = build
        self._binaries = binaries
        self._compiled_script = compiled_script
        names = {word.rpartition("/")[2] for word in words}
        if "dotnet" in names and names & {"run", "watch", "build", "test"}:
            names.add("dotnet-sdk")  # `dotnet app.dll` needs the runtime alone
        text = " ".join(words)

        def runs(place: Place) -> bool:
            return any(word in names or ("/" in word and word in text) for word in place.toolchain.split())

        self._always = _compiled(places.ALWAYS)
        self._toolchains = _compiled([place for place in places.TOOLCHAINS if not runs(place)])
        self._unowned = _compiled([place for place in places.UNOWNED if not runs(place)])
        self._compilers = {language: re.compile(pattern) for language, pattern in places.COMPILERS.items()}
        self._started = names
        self._cache: dict[tuple[str, str], Verdict | None] = {}

    def verdict(self, path: str, owner: Package | None) -> Verdict:
        """The share of a path and the reason for it."""
        if owner is not None and (why := self._build.get(owner.key)):
            return Share.BUILD, why
        folder, _, base = path.rpartition("/")
        found = self._place("always", self._always, folder)
        if found is not None:
            return (
                (Share.RUNTIME, "licence") if found[0] is Share.DOCS and LICENCES.fullmatch(base) else found
            )
        if base in places.CACHE_NAMES:
            return Share.CACHE, places.CACHE_NAMES[base]
        dot = base.rfind(".")
        end = base[dot:] if dot > 0 else ""
        if end in places.CACHE_ENDS and (end == ".pyc" or owner is None or end == ".gem"):
            return Share.CACHE, places.CACHE_ENDS[end]
        if owner is not None and owner.system:
            return Share.RUNTIME, ""
        found = self._place("toolchains", self._toolchains, folder)
        if found is not None:
            return found
        language = self.compiler(path)
        if language:
            return Share.BUILD, f"{language} compiler" if "linker" not in language else language
        if end == ".o" or (owner is None and end in places.BUILD_ENDS):
            return Share.BUILD, places.BUILD_ENDS[end]
        if owner is not None and owner.ecosystem not in ("go", "cargo", "nuget"):
            return Share.RUNTIME, ""
        return self._of_nobody(path, folder, base, end)

    def _of_nobody(self, path: str, folder: str, base: str, end: str) -> Verdict:
        found = self._place("unowned", self._unowned, folder)
        if found is not None:
            return found
        if path in self._binaries:
            if places.BUILD_PROGRAMS.fullmatch(base) and places.PROGRAM_FOLDERS.match(folder):
                return Share.BUILD, f"build tool {base}"
            return Share.RUNTIME, ""
        if base == "src.zip" or base == "ct.sym":
            return Share.BUILD, "JDK sources and symbols"
        if end in places.SOURCE_ENDS and base not in self._started:
            return Share.SOURCE, places.SOURCE_ENDS[end]
        if end in places.TYPESCRIPT_ENDS and self._compiled_script and base not in self._started:
            return Share.SOURCE, "TypeScript sources"
        if base in places.SOURCE_NAMES and folder and base not in self._started:
            return Share.SOURCE, places.SOURCE_NAMES[base]
        return Share.RUNTIME, ""

    def compiler(self, path: str) -> str:
        """The language whose compiler this file is, proven by being a binary of its name; "" else."""
        if path not in self._binaries:
            return ""
        folder, _, base = path.rpartition("/")
        if base in self._started:
            return ""
        for language, pattern in self._compilers.items():
            if pattern.fullmatch(base):
                where = places.PROVEN_FOLDERS.get(language)
                if re.fullmatch(where, folder) if where else places.PROGRAM_FOLDERS.match(folder):
                    return language
                if base.endswith(".so"):
                    return language
        return ""

    def _place(self, table: str, compiled: re.Pattern[str] | None, folder: str) -> Verdict | None:
        key = (table, folder)
        if key in self._cache:
            return self._cache[key]
        match = compiled.match(folder + "/") if compiled is not None else None
        verdict = None
        if match is not None and match.lastgroup is not None:
            place = TABLE[match.lastgroup]
            verdict = (place.share, place.why)
        self._cache[key] = verdict
        return verdict


TABLE = {f"p{at}": p for at, p in enumerate((*places.ALWAYS, *places.TOOLCHAINS, *places.UNOWNED))}
_GROUP_OF = {place: group for group, place in TABLE.items()}


def _compiled(table: Iterable[Place]) -> re.Pattern[str] | None:
    """One pattern whose last named group says which place matched."""
    parts = [f"(?P<{_GROUP_OF[place]}>{place.pattern})" for place in table]
    return re.compile("|".join(parts)) if parts else None
