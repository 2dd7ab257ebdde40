"""container-structure-test's files, read as they are."""

from __future__ import annotations

from collections.abc import Sequence

from ctr_ci.document import Entry, List, Map, Node, Scalar, load
from ctr_ci.gate import structure_options
from ctr_ci.gate.go_pattern import python
from ctr_ci.gate.reading import Reading
from ctr_ci.gate.structure import (
    CommandTest,
    ContentTest,
    FileTest,
    LicenseTest,
    MetadataTest,
    Pair,
    Structure,
)
from ctr_ci.gate.structure_options import Allowance
from ctr_ci.problem import InputError
from ctr_ci.source import Source


def read(source: Source, allowed: Allowance) -> Structure:
    """Raises InputError with every problem of the file, and with all that it asks and may not have."""
    reader = _Reader(source.path)
    structure = reader.structure(load(source), allowed)
    if reader.problems:
        raise InputError(*reader.problems)
    return structure


_TOP = (
    *("schemaVersion", "globalEnvVars", "commandTests", "fileExistenceTests", "fileContentTests"),
    *("metadataTest", "licenseTests", "containerRunOptions"),
)
_COMMAND = (
    *("name", "setup", "teardown", "command", "args", "envVars", "exitCode"),
    *("expectedOutput", "excludedOutput", "expectedError", "excludedError"),
)
_FILE = ("name", "path", "shouldExist", "permissions", "uid", "gid", "isExecutableBy")
_METADATA = (
    *("envVars", "env", "unboundEnvVars", "labels", "exposedPorts", "unexposedPorts"),
    *("volumes", "unmountedVolumes", "cmd", "entrypoint", "workdir", "user"),
)
_WHO = ("owner", "group", "other", "any")


class _Reader(Reading):
    def keys(self, node: Node, known: Sequence[str], what: str) -> dict[str, Entry]:
        """A null is as if it were absent: so Go reads it."""
        found = super().keys(node, known, what)
        null = (key for key, e in found.items() if isinstance(e.value, Scalar) and e.value.kind == "null")
        return {key: found[key] for key in found.keys() - frozenset(null)}

    def structure(self, node: Node, allowed: Allowance) -> Structure:
        keys = self.keys(node, _TOP, "the file")
        if "schemaVersion" not in keys or self.text(keys["schemaVersion"].value) != "2.0.0":
            self.say(node.span, "not a structure test of schema 2.0.0", "`schemaVersion: 2.0.0`")
        return Structure(
            commands=tuple(self._command(item) for item in self.inner(keys.get("commandTests"))),
            files=tuple(self._file(item) for item in self.inner(keys.get("fileExistenceTests"))),
            contents=tuple(self._content(item) for item in self.inner(keys.get("fileContentTests"))),
            licenses=tuple(self._license(item) for item in self.inner(keys.get("licenseTests"))),
            metadata=self._metadata(keys.get("metadataTest")),
            env=self._pairs(keys.get("globalEnvVars")),
            options=structure_options.read(keys.get("containerRunOptions"), allowed, self),
        )

    def _command(self, node: Node) -> CommandTest:
        keys = self.keys(node, _COMMAND, "a command test")
        program = self.text(keys["command"].value) if "command" in keys else ""
        if not program:
            self.say(node.span, "a command test without a command", "a `command`")
        self._commands(keys.get("teardown"))
        return CommandTest(
            self._name(node, keys),
            (program, *self.texts(keys.get("args"))),
            self._pairs(keys.get("envVars")),
            self._commands(keys.get("setup")),
            self.whole(keys.get("exitCode"), 0),
            self._patterns(keys.get("expectedOutput")),
            self._patterns(keys.get("excludedOutput")),
            self._patterns(keys.get("expectedError")),
            self._patterns(keys.get("excludedError")),
        )

    def _file(self, node: Node) -> FileTest:
        keys = self.keys(node, _FILE, "a file test")
        who = keys.get("isExecutableBy")
        if who and self.text(who.value) not in _WHO:
            self.say(who.value.span, f"{self.text(who.value)!r} is nobody", f"one of {', '.join(_WHO)}")
        return FileTest(
            self._name(node, keys),
            self._path(node, keys),
            self.flag(keys.get("shouldExist"), True),
            self.maybe(keys.get("permissions")) or "",
            self.whole(keys.get("uid"), -1),
            self.whole(keys.get("gid"), -1),
            self.text(who.value) if who else "",
        )

    def _content(self, node: Node) -> ContentTest:
        keys = self.keys(node, ("name", "path", "expectedContents", "excludedContents"), "a content test")
        expected, excluded = (
            self._patterns(keys.get(f"{kind}Contents")) for kind in ("expected", "excluded")
        )
        return ContentTest(self._name(node, keys), self._path(node, keys), expected, excluded)

    def _license(self, node: Node) -> LicenseTest:
        keys = self.keys(node, ("debian", "files"), "a license test")
        return LicenseTest(self.flag(keys.get("debian"), False), self.texts(keys.get("files")))

    def _metadata(self, entry: Entry | None) -> MetadataTest:
        if entry is None:
            return MetadataTest()
        keys = self.keys(entry.value, _METADATA, "metadataTest")
        return MetadataTest(
            env=(*self._pairs(keys.get("env")), *self._pairs(keys.get("envVars"))),
            unbound_env=self._unbound(keys.get("unboundEnvVars")),
            labels=self._pairs(keys.get("labels")),
            ports=self.texts(keys.get("exposedPorts")),
            no_ports=self.texts(keys.get("unexposedPorts")),
            volumes=self.texts(keys.get("volumes")),
            no_volumes=self.texts(keys.get("unmountedVolumes")),
            command=self._argv(keys.get("cmd")),
            entrypoint=self._argv(keys.get("entrypoint")),
            workdir=self.maybe(keys.get("workdir")) or "",
            user=self.maybe(keys.get("user")) or "",
        )

    def _argv(self, entry: Entry | None) -> tuple[str, ...] | None:
        """None where it is absent, which asks nothing; `[]` asks that there is none."""
        return self.texts(entry) if entry else None

    def _pairs(self, entry: Entry | None) -> tuple[Pair, ...]:
        found = []
        for item in self.inner(entry):
            keys = self.keys(item, ("key", "value", "isRegex"), "a key and value")
            key, value = (self.maybe(keys.get(name)) or "" for name in ("key", "value"))
            if not key:
                self.say(item.span, "a variable or label without a name", "a `key`")
            pattern = self.flag(keys.get("isRegex"), False)
            found.append(Pair(key, value, pattern))
            if pattern:
                self._pattern(keys["value"].value if "value" in keys else item, value)
        return tuple(found)

    def _unbound(self, entry: Entry | None) -> tuple[str, ...]:
        """A list of `key: NAME`, or of names."""
        items = self.inner(entry)
        known = ("key", "value", "isRegex")
        keyed = [self.keys(item, known, "a variable") for item in items if isinstance(item, Map)]
        plain = [self.text(item) for item in items if not isinstance(item, Map)]
        return (*plain, *(self.text(keys["key"].value) for keys in keyed if "key" in keys))

    def _name(self, node: Node, keys: dict[str, Entry]) -> str:
        name = self.maybe(keys.get("name")) or ""
        if not name:
            self.say(node.span, "a test without a name", "a `name`")
        return name

    def _path(self, node: Node, keys: dict[str, Entry]) -> str:
        path = self.maybe(keys.get("path")) or ""
        if not path.startswith(("/", "$")):
            self.say(node.span, f"{path!r} is no absolute path", "a `path` from the image's root")
        return path

    def _patterns(self, entry: Entry | None) -> tuple[str, ...]:
        for item in self.inner(entry) if entry and isinstance(entry.value, List) else ():
            self._pattern(item, self.text(item))
        return self.texts(entry)

    def _pattern(self, node: Node, text: str) -> None:
        try:
            python(text)
        except ValueError as error:
            self.say(node.span, f"{text!r} is no pattern: {error}", "a regular expression as Go writes them")

    def _commands(self, entry: Entry | None) -> tuple[tuple[str, ...], ...]:
        found = []
        for item in self.inner(entry):
            words = tuple(self.text(word) for word in item.items) if isinstance(item, List) else ()
            if not words:
                self.say(item.span, "a command is no list of words", "[program, argument, ...]")
            found.append(words)
        return tuple(found)
