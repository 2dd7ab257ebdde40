"""Holds the images of the old and of the new file against each other. Pure.

Proven is: the image says the same of itself, what its command names is there, every library that these
files need is found, every file that was kept is the same, and no compiler ships.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from ctr_ci.image import Binary, Contents, Entry, Share, State, Weight
from ctr_ci.split.model import Artefact, Split

SAID = ("Entrypoint", "Cmd", "User", "WorkingDir", "Healthcheck", "StopSignal", "Shell", "OnBuild")
HELD = ("ExposedPorts", "Volumes")
# Variables by which toolchains find themselves: no program built with one reads them.
TOOLCHAINS = (
    *("PATH", "GOLANG_", "GOTOOLCHAIN", "GOPATH", "CARGO_HOME", "RUSTUP_HOME", "RUST_VERSION", "GCC_"),
    *("GPG_KEY", "PYTHON_", "NODE_VERSION", "YARN_VERSION", "MAVEN_", "GRADLE_", "JAVA_VERSION", "JAVA_HOME"),
)
LIBRARIES = ("lib", "usr/lib", "lib64", "usr/lib64", "usr/local/lib", "usr/local/lib64")
EXECUTABLE = 0o111
TRIAL = ".ctr-ci-split"  # how the names begin of what a trial build adds to its context
# What package managers note down for themselves.
PASSING = ("var/lib/dpkg/", "var/lib/apt/", "var/cache/", "var/log/", "etc/alternatives/", "etc/ld.so.cache")


@dataclass(frozen=True, slots=True)
class Check:
    """One part of the proof: its `name`, the `reasons` against it (none: it holds), what was `seen`."""

    name: str
    reasons: tuple[str, ...]
    seen: str = ""
    help: str = ""

    @property
    def holds(self) -> bool:
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Proof:
    """Both images, each part of the proof, and files that stayed `behind` though nobody owns them."""

    before: Weight
    after: Weight
    checks: tuple[Check, ...]
    behind: tuple[str, ...]

    @property
    def proven(self) -> bool:
        return all(check.holds for check in self.checks)


def compare(before: Contents, after: Contents, made: Split) -> tuple[Check, ...]:
    """The parts of the proof that need no container."""
    kept = {old: new for old, new in _kept(before.state, made.artefacts) if not _is_trial(old)}
    return (
        _config(before, after, made),
        _command(before.state, after.state),
        _libraries(before, after, kept),
        _files(before.state, after.state, kept, made.pruned),
        _compilers(after),
    )


def program(state: State) -> str:
    """The file that a container starts first; "" where it is not there."""
    words = (*state.config.entrypoint, *state.config.command)
    return state.find(words[0]) if words else ""


def left_behind(before: Contents, after: Contents) -> tuple[str, ...]:
    """Files that no package owns, that look as if a program needed them, and that did not come along,
    neither there nor with the same content elsewhere."""
    tree = after.state.merged.tree
    there = {(found.entry.sum, found.entry.size) for found in tree.values()}
    found = {
        item.path
        for item in before.weight.items
        if item.share is Share.RUNTIME
        and not item.package
        and not before.weight.layers[item.layer].base
        and not item.path.startswith(PASSING)
    }
    return tuple(
        sorted(
            path
            for path in found
            if path not in tree and not _is_trial(path) and _is_new(before.state, path, there)
        )
    )


def _is_trial(path: str) -> bool:
    return path.rpartition("/")[2].startswith(TRIAL)


def _is_new(state: State, path: str, there: set[tuple[int, int]]) -> bool:
    entry = _resolved(state, path)
    return entry is not None and _is_file(state, path) and (entry.sum, entry.size) not in there


def _config(before: Contents, after: Contents, made: Split) -> Check:
    old, new = (json.loads(one.config).get("config") or {} for one in (before, after))
    reasons = [
        f"{name} was {_shown(old.get(name))} and is {_shown(new.get(name))}"
        for name in SAID
        if (old.get(name) or None) != (new.get(name) or None)
    ]
    for name in HELD:
        was, now = set(old.get(name) or {}), set(new.get(name) or {})
        reasons += [f"{name}: {one} is not there" for one in sorted(was - now)]
        reasons += [f"{name}: {one} is new" for one in sorted(now - was)]
    reasons += _pairs("variable", _variables(old.get("Env")), _variables(new.get("Env")), made.variables)
    reasons += _pairs("label", old.get("Labels") or {}, new.get("Labels") or {}, made.labels)
    names = "Cmd, Entrypoint, Env, User, WorkingDir, ExposedPorts, Labels, Healthcheck, Volumes, StopSignal"
    return Check("configuration", tuple(reasons), names, "say in the file what its base image said for it")


def _pairs(kind: str, old: dict[str, str], new: dict[str, str], own: frozenset[str]) -> Iterator[str]:
    """Differences of named values. What the old base image set by itself is no loss where it is a
    toolchain's, or a label; what the new one sets is its own affair."""
    for name, value in old.items():
        if new.get(name) == value or (kind == "variable" and name == "PATH"):
            continue
        if name not in own and (kind == "label" or name.startswith(TOOLCHAINS)):
            continue
        now = f"is {new[name]!r}" if name in new else "is not there"
        yield f"{kind} {name} was {value!r} and {now}"


def _variables(entries: object) -> dict[str, str]:
    texts = entries if isinstance(entries, list | tuple) else ()
    return {name: value for name, _, value in (str(text).partition("=") for text in texts)}


def _shown(value: object) -> str:
    return json.dumps(value) if value else "not set"


def _command(before: State, after: State) -> Check:
    reasons = []
    first = program(before)
    for word in dict.fromkeys(before.words):
        old = before.find(word)
        if not old or not _is_file(before, old):
            continue
        new = after.find(word)
        if not new or not _is_file(after, new):
            reasons.append(f"{word} (/{old}) is not there")
        elif old == first and not after.merged.tree[new].entry.mode & EXECUTABLE:
            reasons.append(f"{word} (/{new}) is not executable")
        else:
            reasons += _interpreter(before, after, old, new)
    if not first:
        reasons.append("the old image has no program that its command names")
    return Check("command", tuple(reasons), f"/{program(after)} is there and can be started")


def _interpreter(before: State, after: State, old: str, new: str) -> Iterator[str]:
    if any(True for _ in before.interpreter(old)):
        there = [one for one in after.interpreter(new) if one in after.merged.tree]
        if not there:
            yield f"/{new} needs /{next(before.interpreter(old))}, which is not there"


def _is_file(state: State, path: str) -> bool:
    found = state.merged.tree.get(path)
    return found is not None and found.entry.kind in ("file", "hard link")


def _libraries(before: Contents, after: Contents, kept: dict[str, str]) -> Check:
    """Follows DT_NEEDED from what is started and kept. What the old image lacks too is not asked for."""
    old, new = _Libraries(before.state), _Libraries(after.state)
    started = [path for word in after.state.words if (path := after.state.find(word))]
    started += [one for path in started for one in after.state.interpreter(path)]
    waiting = [path for path in dict.fromkeys((*started, *kept.values())) if path in after.state.merged.tree]
    seen = set(waiting)
    missing: dict[str, str] = {}
    binaries = 0
    for path in waiting:  # grows while it is walked
        binary = new.binary(path)
        if binary is None:
            continue
        binaries += 1
        for soname in binary.needed or ():
            found = new.find(soname, path)
            if found and found not in seen:
                seen.add(found)
                waiting.append(found)
            elif not found and old.anywhere(soname):
                missing.setdefault(soname, path)
    packages = {soname: _package(before, old.anywhere(soname)) for soname in missing}
    reasons = tuple(
        f"{soname}, which /{path} needs, is not there"
        + (f" (package {packages[soname]} has it)" if packages[soname] else "")
        for soname, path in sorted(missing.items())
    )
    ways = {
        f"--package {packages[name]}" if packages[name] else f"--keep /{old.anywhere(name)}"
        for name in missing
    }
    seen_text = f"all that what is started and kept needs is there ({binaries} binaries)"
    return Check("libraries", reasons, seen_text, " ".join(sorted(ways)))


def _package(contents: Contents, path: str) -> str:
    real = contents.state.merged.real(path)
    return next(
        (i.package.partition(":")[0] for i in contents.weight.items if i.path == real and i.package), ""
    )


class _Libraries:
    """Where a loader looks: the binary's own folders, LD_LIBRARY_PATH, the system's and those below them."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.by_name: dict[str, list[str]] = {}
        for path, found in state.merged.tree.items():
            name = path.rpartition("/")[2]
            if ".so" in name and found.entry.kind != "directory":
                self.by_name.setdefault(name, []).append(path)
        told = _variables(state.config.env).get("LD_LIBRARY_PATH", "")
        self.folders = tuple(folder.strip("/") for folder in told.split(":") if folder)

    def binary(self, path: str) -> Binary | None:
        found = self.state.merged.tree.get(path)
        if found is not None and found.entry.kind == "hard link":
            path = found.entry.link
        return self.state.binaries.get(self.state.merged.real(path))

    def anywhere(self, soname: str) -> str:
        return next((p for p in self.by_name.get(soname, ()) if self._there(p)), "")

    def find(self, soname: str, asks: str) -> str:
        """The file that a binary at `asks` would load."""
        if "/" in soname:
            real = self.state.merged.real(soname.lstrip("/"))
            return real if real in self.state.merged.tree else ""
        binary = self.binary(asks)
        origin = posixpath.dirname(asks)
        own = {
            posixpath.normpath(one.replace("$ORIGIN", f"/{origin}").replace("${ORIGIN}", f"/{origin}")).strip(
                "/"
            )
            for one in (binary.search if binary else ())
        }
        for path in self.by_name.get(soname, ()):
            folder = posixpath.dirname(path)
            near = folder in own or folder in self.folders or folder == origin
            if self._there(path) and (near or folder.startswith(LIBRARIES)):
                return self.state.merged.real(path)
        return ""

    def _there(self, path: str) -> bool:
        return self.state.merged.real(path) in self.state.merged.tree


def _kept(state: State, artefacts: tuple[Artefact, ...]) -> Iterator[tuple[str, str]]:
    """Each file below what was kept, and its path in the new image."""
    for one in artefacts:
        root = state.merged.real(one.path.strip("/"))
        target = one.place.strip("/") or root
        if "*" in root:
            from fnmatch import fnmatchcase

            folder = target if one.place.endswith("/") else posixpath.dirname(target)
            yield from (
                (path, posixpath.join(folder, posixpath.basename(path)))
                for path in state.merged.tree
                if fnmatchcase(path, root)
            )
            continue
        yield root, target
        yield from (
            (path, f"{target}/{path[len(root) + 1 :]}")
            for path in state.merged.tree
            if path.startswith(f"{root}/")
        )


def _files(before: State, after: State, kept: dict[str, str], pruned: bool) -> Check:
    reasons: list[str] = []
    count = 0
    for old, new in kept.items():
        was = before.merged.tree.get(old)
        if was is None:
            reasons.append(f"/{old} is not in the old image")
            continue
        now = after.merged.tree.get(after.merged.folder(new))
        modules = pruned and "node_modules" in old
        if now is None:
            if not modules:
                reasons.append(f"/{new} is not there")
            continue
        if was.entry.kind == "directory":
            continue
        count += 1
        if modules and old.endswith(("/.package-lock.json", "/.yarn-integrity", "/.modules.yaml")):
            continue
        reasons += _difference(before, after, old, new)
    shown = [*reasons[:5], f"and {len(reasons) - 5} more"] if len(reasons) > 6 else reasons
    return Check("files", tuple(shown), f"kept files are the same to the byte, with mode and owner ({count})")


def _difference(before: State, after: State, old: str, new: str) -> Iterator[str]:
    was = _resolved(before, old)
    now = _resolved(after, after.merged.folder(new))
    if was is None or now is None:
        return
    if (was.sum, was.size) != (now.sum, now.size):
        yield f"/{new} has other content than /{old} had"
    elif was.mode != now.mode:
        yield f"/{new} has mode {now.mode:o}, not {was.mode:o}"
    elif (was.uid, was.gid) != (now.uid, now.gid):
        yield f"/{new} belongs to {now.uid}:{now.gid}, not to {was.uid}:{was.gid}"


def _resolved(state: State, path: str) -> Entry | None:
    """The file that a path leads to: COPY follows a symlink that is named, and keeps those below."""
    found = state.merged.tree.get(path)
    for _ in range(40):
        if found is None or found.entry.kind not in ("hard link", "symlink"):
            break
        link = found.entry.link if found.entry.kind == "hard link" else state.merged.real(path)
        if link == path:
            break
        path = link
        found = state.merged.tree.get(path)
    return None if found is None or found.entry.kind != "file" else found.entry


def _compilers(after: Contents) -> Check:
    reasons = tuple(f"{language}: {path} ships" for language, path in after.weight.compilers)
    return Check("toolchain", reasons, "no compiler ships", "ship on a smaller image: --runtime IMAGE")
