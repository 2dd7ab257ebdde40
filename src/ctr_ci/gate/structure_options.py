"""`containerRunOptions` of a structure test: what its containers may have, and what is refused.

A file under test may not give itself more than a plain container has: that stands in ctr-ci.yaml, as
`allow:` beside `structure-test:`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ctr_ci.document import Entry, Node
from ctr_ci.engine import Bind
from ctr_ci.gate.reading import Reading
from ctr_ci.gate.structure import RunOptions
from ctr_ci.secret import Secret

KNOWN = ("user", "privileged", "allocateTty", "envFile", "envVars", "capabilities", "bindMounts")
_DEFAULT_CAPABILITIES = frozenset(
    (
        *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"),
        *("NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
    )
)
_WORKSPACE = "/workspace"
_LINE = re.compile(
    r"""\s*(?:export\s+)?(?P<key>[\w.]+)\s*[=:]\s*
        (?:"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>[^']*)'|(?P<plain>[^#\n]*?))\s*(?:\s\#.*|\#.*)?$""",
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What ctr-ci.yaml allows the file, and what is there to be allowed: the source's folder, and the
    environment of whoever runs ctr-ci."""

    rules: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]


def read(entry: Entry | None, allowed: Allowance, reading: Reading) -> RunOptions:
    """The options; what is wrong with them, or not allowed, is told to `reading`."""
    if entry is None:
        return RunOptions()
    keys = reading.keys(entry.value, KNOWN, "containerRunOptions")
    asks = _Asks(allowed, reading)
    return RunOptions(
        reading.maybe(keys.get("user")) or None,
        asks.privileged(keys.get("privileged")),
        reading.flag(keys.get("allocateTty"), False),
        (*asks.env_file(keys.get("envFile")), *asks.env(keys.get("envVars"))),
        asks.capabilities(keys.get("capabilities")),
        tuple(asks.binds(keys.get("bindMounts"))),
    )


@dataclass(frozen=True, slots=True)
class _Asks:
    allowed: Allowance
    reading: Reading

    def privileged(self, entry: Entry | None) -> bool:
        wanted = self.reading.flag(entry, False)
        if wanted and entry:
            self._need("privileged", entry.value, "a privileged container")
        return wanted

    def capabilities(self, entry: Entry | None) -> tuple[str, ...]:
        found = []
        for node in self.reading.inner(entry):
            name = self.reading.text(node).upper().removeprefix("CAP_")
            if name not in _DEFAULT_CAPABILITIES:
                self._need("capabilities", node, f"the capability {name}")
            found.append(name)
        return tuple(found)

    def env(self, entry: Entry | None) -> Iterator[tuple[str, Secret]]:
        """Names whose values come from the environment; one that is not set there is left out."""
        for node in self.reading.inner(entry):
            name = self.reading.text(node)
            self._need("environment", node, f"{name} of the environment")
            value = self.allowed.environment.get(name, "")
            if value:
                yield name, Secret(value, name)

    def env_file(self, entry: Entry | None) -> tuple[tuple[str, Secret], ...]:
        name = self.reading.text(entry.value) if entry else ""
        if not entry or not name:
            return ()
        place = self.allowed.folder / name
        if not self._inside(place):
            self._need("host-path", entry.value, f"the file {name}, outside the source,")
            if "host-path" not in self.allowed.rules:
                return ()
        try:
            if place.exists() and not place.is_file():  # a pipe or a device would be read for ever
                raise ValueError
            lines = place.read_text("utf-8").splitlines()
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) else "it is no file of text in UTF-8"
            self.reading.say(entry.value.span, f"cannot read {name}: {said}", "a file in the build's source")
            return ()
        return tuple(self._variables(lines, entry.value, name))

    def binds(self, entry: Entry | None) -> Iterator[Bind]:
        """`SOURCE:TARGET[:OPTIONS]`; below the source's folder it is mounted read-only."""
        for node in self.reading.inner(entry):
            text = self.reading.text(node)
            source, target, options = (*text.split(":"), "", "")[:3]
            if not source.startswith("/") or not target.startswith("/"):
                self.reading.say(
                    node.span, f"{text!r} is no mount", "/PATH/OF/THE/HOST:/PATH/IN/THE/CONTAINER"
                )
                continue
            host = self._host(source)
            if self._inside(host):
                yield Bind(str(host.resolve()), target, read_only=True)
                continue
            self._need("host-path", node, f"the host's {source}")
            yield Bind(source, target, read_only="ro" in options.split(","))

    def _host(self, source: str) -> Path:
        """Steps know the source's folder as /workspace; so may a test that was one of them."""
        inside = posixpath.relpath(posixpath.normpath(source), _WORKSPACE)
        return self.allowed.folder / inside if not inside.startswith("..") else Path(source)

    def _inside(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self.allowed.folder.resolve())

    def _need(self, rule: str, node: Node, what: str) -> None:
        if rule not in self.allowed.rules:
            self.reading.say(
                node.span,
                f"{what} is closed to gates",
                "tests that do without",
                f"`allow: [{rule}]` beside `structure-test:` in ctr-ci.yaml lets this file have it",
            )

    def _variables(self, lines: list[str], node: Node, name: str) -> Iterator[tuple[str, Secret]]:
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            match = _LINE.match(line)
            if match is None:
                self.reading.say(node.span, f"line {number} of {name} sets no variable", "NAME=value")
                continue
            double, single = match["double"], match["single"]
            if double is not None:
                value = re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r"}.get(m[1], m[1]), double)
            else:
                value = single if single is not None else match["plain"].strip()
            if value:
                yield match["key"], Secret(value, match["key"])
