"""The finished image as one value: its merged tree, what its binaries and scripts say, its command."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ctr_ci.image.config import Config
from ctr_ci.image.elf import Binary
from ctr_ci.image.layers import Layer
from ctr_ci.image.merge import Merged
from ctr_ci.shell import parse

SHELLS = ("sh", "bash", "ash", "dash", "sh -e", "bash -e", "sh -eu", "bash -x", "sh -x")
STARTERS = (
    "exec",
    "gosu",
    "su-exec",
    "tini",
    "python",
    "python3",
    "node",
    "ruby",
    "perl",
    "sh",
    "bash",
    ".",
    "source",
)


@dataclass(frozen=True, slots=True)
class State:
    """What a container of the image sees. `binaries`, `scripts`: of the paths that still show; `words`:
    of the image's command and of the scripts that it starts."""

    config: Config
    merged: Merged
    binaries: Mapping[str, Binary]
    scripts: Mapping[str, str]
    words: tuple[str, ...]

    @classmethod
    def of(cls, config: Config, layers: Sequence[Layer], merged: Merged) -> State:
        binaries: dict[str, Binary] = {}
        scripts: dict[str, str] = {}
        for index, layer in enumerate(layers):
            binaries |= {path: b for path, b in layer.binaries.items() if _shows(merged, path, index)}
            scripts |= {path: s for path, s in layer.scripts.items() if _shows(merged, path, index)}
        command = words((*config.entrypoint, *config.command))
        state = cls(config, merged, binaries, scripts, command)
        return cls(config, merged, binaries, scripts, (*command, *state._scripted(command)))

    def _scripted(self, command: tuple[str, ...]) -> tuple[str, ...]:
        """The commands in the scripts that a command starts, and in those that they start."""
        found: list[str] = []
        seen: set[str] = set()
        waiting = list(command)
        while waiting:
            path = self.find(waiting.pop())
            if path in seen or "\n" not in self.scripts.get(path, ""):
                continue
            seen.add(path)
            fresh = _commands(self.scripts[path])
            found += fresh
            waiting += fresh
        return tuple(found)

    def find(self, word: str) -> str:
        """The file that a command's word starts, all symlinks followed; "" where there is none."""
        places = [word.lstrip("/")] if word.startswith("/") else []
        if not places and "/" in word:
            places = [f"{self.config.workdir.strip('/')}/{word.removeprefix('./')}".lstrip("/")]
        places = places or [f"{folder.strip('/')}/{word}".lstrip("/") for folder in self.config.search_path]
        for place in places:
            real = self.merged.real(place)
            if real in self.merged.tree:
                return real
        return ""

    def started(self) -> Iterator[str]:
        """The files that the image's command names, and the interpreters of those that are scripts."""
        for word in self.words:
            path = self.find(word)
            if path:
                yield path
                yield from self.interpreter(path)

    def interpreter(self, path: str) -> Iterator[str]:
        """The file that runs a script or loads a binary."""
        line = self.scripts.get(path, "").partition("\n")[0].removeprefix("#!").split()
        binary = self.binaries.get(path)
        if binary is not None and binary.interpreter:
            yield self.merged.real(binary.interpreter.lstrip("/"))
        if line:
            names = [word for word in line[1:] if not word.startswith("-") and "=" not in word]
            word = names[0] if line[0].endswith("/env") and names else line[0]
            found = self.find(word)
            if found:
                yield found


def _commands(script: str) -> list[str]:
    """The names of the commands in a shell script, and the first arguments of what starts others."""
    first, _, body = script.partition("\n")
    if not first.rstrip().endswith(SHELLS):
        return []
    names = []
    for command in parse(body).commands:
        values = [word.value or "" for word in command.words]
        names += values[: 2 if command.name in STARTERS else 1]
    return [name for name in names if name]


def _shows(merged: Merged, path: str, layer: int) -> bool:
    found = merged.tree.get(path)
    return found is not None and found.layer == layer


def words(command: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a command; those of `sh -c "…"` apart, cut at what separates commands."""
    found: list[str] = []
    for word in command:
        found += re.split(r"[\s;&|()<>\"'`]+", word) if " " in word or ";" in word else [word]
    return tuple(word for word in found if word)
