"""`stages`, `gates` and `publish.require` of ctr-ci.yaml become a `Policy`: every problem at once, each
with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ctr_ci.document import Entry, List, Map, Node, Scalar
from ctr_ci.gate import searching
from ctr_ci.gate.keys import CHECKS, KEYS
from ctr_ci.gate.policy import (
    ALLOWABLE,
    SEVERITIES,
    Check,
    Command,
    Gate,
    Healthcheck,
    Labels,
    Lint,
    MaxBuildBytes,
    MaxSize,
    MaxWaste,
    NoFile,
    NonRoot,
    NoSecrets,
    Policy,
    Stage,
    StructureTest,
)
from ctr_ci.gate.reading import Reading
from ctr_ci.problem import InputError

_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?")


def load(stages: Node | None, gates: Node | None, publish: Node | None, path: str) -> Policy:
    """The policy that these sections make; `path` is the file's. Raises InputError with all problems."""
    reader = _Reader(path)
    policy = Policy(require=reader.require(publish), stages=reader.stages(stages), gates=reader.gates(gates))
    if reader.problems:
        raise InputError(*reader.problems)
    return policy


class _Reader(Reading):
    def require(self, node: Node | None) -> tuple[str, ...]:
        entry = node.entry("require") if isinstance(node, Map) else None
        return self.texts(entry)

    def stages(self, node: Node | None) -> tuple[Stage, ...]:
        found = []
        for item in self.items(node, "stages"):
            keys = self.keys(item, ("name", "steps", "gate"), "a stage")
            name = self._name(item, keys, "stage")
            steps = self.texts(keys.get("steps"))
            gate = self.flag(keys.get("gate"), False)
            found.append(Stage(name, steps, gate))
        return tuple(found)

    def gates(self, node: Node | None) -> tuple[Gate, ...]:
        found: list[Gate] = []
        for item in self.items(node, "gates"):
            keys = self.keys(item, [key.name for key in KEYS], "a gate")
            name = self._name(item, keys, "gate")
            images = self.texts(keys.get("images"))
            checks = tuple(self._checks(keys))
            if not checks:
                self.say(item.span, f"gate {name!r} checks nothing", f"one of {', '.join(CHECKS)}")
            if any(other.name == name for other in found):
                self.say(item.span, f"a second gate {name!r}", "a name of its own")
            found.append(Gate(name, checks, images))
        return tuple(found)

    def _checks(self, keys: dict[str, Entry]) -> Iterator[Check]:
        for name in CHECKS:
            if name in keys:
                check = _READ[name](self, keys[name], keys)
                if check is not None:
                    yield check
        for key in KEYS:
            if key.serves and key.name in keys and not any(kind in keys for kind in key.serves):
                beside = " or ".join(f"`{kind}`" for kind in key.serves)
                self.say(
                    keys[key.name].key_span, f"{key.name} without a {key.serves[0]}", f"a {beside} beside it"
                )

    def _amount(self, make: Callable[[int], Check], entry: Entry, _: dict[str, Entry]) -> Check | None:
        from ctr_ci.image import Amount

        text = self.text(entry.value)
        try:
            size = Amount.parse(text).size_bytes
        except InputError as error:
            self.say(entry.value.span, error.problems[0].found, error.problems[0].expected)
            return None
        if size is None:
            self.say(entry.value.span, f"{text!r} is a share", "an amount such as 120MB, or 0")
            return None
        return make(size)

    def _no_file(self, entry: Entry, _: dict[str, Entry]) -> Check:
        from ctr_ci.image import Limits

        for node in entry.value.items if isinstance(entry.value, List) else (entry.value,):
            try:
                Limits(no_file=(self.text(node),))
            except InputError as error:
                self.say(node.span, error.problems[0].found, error.problems[0].expected)
        return NoFile(self.texts(entry))

    def _lint(self, entry: Entry, _: dict[str, Entry]) -> Check:
        inner = self.keys(entry.value, ("fail-on",), "lint")
        text = self.text(inner["fail-on"].value) if "fail-on" in inner else "warning"
        if text not in SEVERITIES:
            self.say(
                inner["fail-on"].value.span, f"{text!r} is no severity", f"one of {', '.join(SEVERITIES)}"
            )
        return Lint(text)

    def _flag(self, make: Callable[[], Check], entry: Entry, _: dict[str, Entry]) -> Check | None:
        return make() if self.flag(entry, False) else None

    def _labels(self, entry: Entry, _: dict[str, Entry]) -> Check | None:
        node = entry.value
        if isinstance(node, List):
            return Labels(tuple((name, None) for name in self.texts(entry)))
        if not isinstance(node, Map):
            self.say(node.span, "labels is no map", "`labels: {KEY: VALUE}`, or a list of keys")
            return None
        return Labels(tuple((each.key, self.text(each.value)) for each in node.entries))

    def _command(self, entry: Entry, keys: dict[str, Entry]) -> Check:
        argv = self._words(entry.value)
        entrypoint = self._words(keys["entrypoint"].value) if "entrypoint" in keys else None
        expect = keys.get("expect")
        known = ("exit", "stdout", "stderr")
        inner = self.keys(expect.value, known, "expect") if expect else {}
        return Command(
            argv,
            entrypoint,
            self.whole(inner.get("exit"), 0),
            self._pattern(inner.get("stdout")),
            self._pattern(inner.get("stderr")),
            self._duration(keys["within"]) if "within" in keys else 60.0,
        )

    def _healthcheck(self, entry: Entry, _: dict[str, Entry]) -> Check:
        if isinstance(entry.value, Scalar) and entry.value.kind in ("bool", "null"):
            return Healthcheck()
        inner = self.keys(entry.value, ("within",), "healthcheck")
        return Healthcheck(self._duration(inner["within"])) if "within" in inner else Healthcheck()

    def _structure(self, entry: Entry, keys: dict[str, Entry]) -> Check:
        for node in self.inner(keys.get("allow")):
            if self.text(node) not in ALLOWABLE:
                self.say(
                    node.span, f"{self.text(node)!r} cannot be allowed", f"some of {', '.join(ALLOWABLE)}"
                )
        within = keys.get("within")
        path, allow = self.text(entry.value), self.texts(keys.get("allow"))
        return StructureTest(path, allow, self._duration(within)) if within else StructureTest(path, allow)

    def _pattern(self, entry: Entry | None) -> str | None:
        if entry is None:
            return None
        text = self.text(entry.value)
        try:
            searching.check(text)
        except ValueError as error:
            self.say(entry.value.span, f"{text!r} is no pattern: {error}", "a regular expression")
        return text

    def _duration(self, entry: Entry) -> float:
        text = self.text(entry.value)
        match = _DURATION.fullmatch(text)
        if text.replace(".", "", 1).isdigit():
            return float(text)
        if match is None or not text:
            self.say(entry.value.span, f"{text!r} is no duration", "for example 30s or 1m30s")
            return 60.0
        hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return hours * 3600 + minutes * 60 + seconds

    def _name(self, item: Node, keys: dict[str, Entry], kind: str) -> str:
        name = self.text(keys["name"].value) if "name" in keys else ""
        if not name:
            self.say(item.span, f"a {kind} without a name", "a `name`")
        return name

    def _words(self, node: Node) -> tuple[str, ...]:
        if isinstance(node, List):
            return tuple(self.text(item) for item in node.items)
        text = self.text(node)
        return ("/bin/sh", "-c", text) if text else ()


_Read = Callable[[_Reader, Entry, dict[str, Entry]], Check | None]


def _sized(make: Callable[[int], Check]) -> _Read:
    return lambda reader, entry, keys: reader._amount(make, entry, keys)


def _flagged(make: Callable[[], Check]) -> _Read:
    return lambda reader, entry, keys: reader._flag(make, entry, keys)


_READ: dict[str, _Read] = {
    "max-size": _sized(MaxSize),
    "max-build-bytes": _sized(MaxBuildBytes),
    "max-waste": _sized(MaxWaste),
    "no-file": _Reader._no_file,
    "non-root": _flagged(NonRoot),
    "no-secrets": _flagged(NoSecrets),
    "labels": _Reader._labels,
    "lint": _Reader._lint,
    "command": _Reader._command,
    "healthcheck": _Reader._healthcheck,
    "structure-test": _Reader._structure,
}
