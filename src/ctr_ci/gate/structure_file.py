"""container-structure-test's files, read as they are. Pure."""

from __future__ import annotations

from ctr_ci.document import Entry, List, Map, Node, Scalar, load
from ctr_ci.gate.reading import Reading
from ctr_ci.gate.structure import (
    CommandTest,
    ContentTest,
    FileTest,
    MetadataTest,
    Pair,
    Structure,
)
from ctr_ci.problem import InputError
from ctr_ci.source import Source


def read(source: Source) -> Structure:
    """Raises InputError with every problem of the file, also for what cannot be honoured here."""
    reader = _Reader(source.path)
    structure = reader.structure(load(source))
    if reader.problems:
        raise InputError(*reader.problems)
    return structure


_TOP = (
    "schemaVersion",
    "globalEnvVars",
    "commandTests",
    "fileExistenceTests",
    "fileContentTests",
    "metadataTest",
    "licenseTests",
    "containerRunOptions",
)
_COMMAND = (
    *("name", "setup", "teardown", "command", "args", "envVars", "exitCode"),
    *("expectedOutput", "excludedOutput", "expectedError", "excludedError"),
)
_METADATA = (
    *("envVars", "env", "unboundEnvVars", "labels", "exposedPorts", "unexposedPorts"),
    *("volumes", "unmountedVolumes", "cmd", "entrypoint", "workdir", "user"),
)


class _Reader(Reading):
    def structure(self, node: Node) -> Structure:
        keys = self.keys(node, _TOP, "the file")
        if "schemaVersion" not in keys or self.text(keys["schemaVersion"].value) != "2.0.0":
            self.say(node.span, "not a structure test of schema 2.0.0", "`schemaVersion: 2.0.0`")
        if "licenseTests" in keys:
            span = keys["licenseTests"].key_span
            self.say(span, "licenseTests is not supported", "command, file, content and metadata tests")
        options = self._options(keys.get("containerRunOptions"))
        return Structure(
            commands=tuple(self._command(item) for item in self.inner(keys.get("commandTests"))),
            files=tuple(self._file(item) for item in self.inner(keys.get("fileExistenceTests"))),
            contents=tuple(self._content(item) for item in self.inner(keys.get("fileContentTests"))),
            metadata=self._metadata(keys.get("metadataTest")),
            env=(*self._pairs(keys.get("globalEnvVars")), *self._pairs(options.get("envVars"))),
            user=self.maybe(options.get("user")),
        )

    def _options(self, entry: Entry | None) -> dict[str, Entry]:
        if entry is None:
            return {}
        known = ("user", "envVars", "privileged", "allocateTty", "envFile", "capabilities", "bindMounts")
        keys = self.keys(entry.value, known, "containerRunOptions")
        for key in known[2:]:
            asked = keys.get(key)
            if asked is not None and not (isinstance(asked.value, Scalar) and not asked.value.value):
                self.say(asked.key_span, f"{key} is closed to gates", "tests that run without it")
        return keys

    def _command(self, node: Node) -> CommandTest:
        keys = self.keys(node, _COMMAND, "a command test")
        program = self.text(keys["command"].value) if "command" in keys else ""
        if not program:
            self.say(node.span, "a command test without a command", "a `command`")
        return CommandTest(
            self._name(keys),
            (program, *self.texts(keys.get("args"))),
            self._pairs(keys.get("envVars")),
            tuple(self._words(item) for item in self.inner(keys.get("setup"))),
            tuple(self._words(item) for item in self.inner(keys.get("teardown"))),
            self.whole(keys.get("exitCode"), 0),
            self.texts(keys.get("expectedOutput")),
            self.texts(keys.get("excludedOutput")),
            self.texts(keys.get("expectedError")),
            self.texts(keys.get("excludedError")),
        )

    def _file(self, node: Node) -> FileTest:
        known = ("name", "path", "shouldExist", "permissions", "uid", "gid", "isExecutableBy")
        keys = self.keys(node, known, "a file test")
        return FileTest(
            self._name(keys),
            self._path(node, keys),
            self.flag(keys.get("shouldExist"), True),
            self.text(keys["permissions"].value) if "permissions" in keys else "",
            self.whole(keys.get("uid"), -1),
            self.whole(keys.get("gid"), -1),
            self.text(keys["isExecutableBy"].value) if "isExecutableBy" in keys else "",
        )

    def _content(self, node: Node) -> ContentTest:
        keys = self.keys(node, ("name", "path", "expectedContents", "excludedContents"), "a content test")
        expected, excluded = (self.texts(keys.get(key)) for key in ("expectedContents", "excludedContents"))
        return ContentTest(self._name(keys), self._path(node, keys), expected, excluded)

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
            command=self.texts(keys.get("cmd")) if "cmd" in keys else None,
            entrypoint=self.texts(keys.get("entrypoint")) if "entrypoint" in keys else None,
            workdir=self.maybe(keys.get("workdir")),
            user=self.maybe(keys.get("user")),
        )

    def _pairs(self, entry: Entry | None) -> tuple[Pair, ...]:
        found = []
        for item in self.inner(entry):
            keys = self.keys(item, ("key", "value", "isRegex"), "a key and value")
            key, value = (self.text(keys[name].value) if name in keys else "" for name in ("key", "value"))
            found.append(Pair(key, value, self.flag(keys.get("isRegex"), False)))
        return tuple(found)

    def _unbound(self, entry: Entry | None) -> tuple[str, ...]:
        """A list of `key: NAME`, or of names."""
        items = self.inner(entry)
        keyed = [self.keys(item, ("key", "value"), "a variable") for item in items if isinstance(item, Map)]
        plain = [self.text(item) for item in items if not isinstance(item, Map)]
        return (*plain, *(self.text(keys["key"].value) for keys in keyed if "key" in keys))

    def _name(self, keys: dict[str, Entry]) -> str:
        return self.text(keys["name"].value) if "name" in keys else "unnamed"

    def _path(self, node: Node, keys: dict[str, Entry]) -> str:
        path = self.text(keys["path"].value) if "path" in keys else ""
        if not path.startswith("/"):
            self.say(node.span, f"{path!r} is no absolute path", "a `path` from the image's root")
        return path

    def _words(self, node: Node) -> tuple[str, ...]:
        if isinstance(node, List):
            return tuple(self.text(item) for item in node.items)
        self.say(node.span, "a command is no list", "a list of words")
        return ()
