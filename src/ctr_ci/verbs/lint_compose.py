"""Compose files: which Dockerfile each service builds, and how (compose-spec, `build.md`).

A service may extend another one; a second file of the folder (`.override`, `.prod`) adds to the first.
Variables have their defaults; what has none is not known.
"""

from __future__ import annotations

import os

from ctr_ci.document import List, Map, Scalar, load
from ctr_ci.problem import InputError
from ctr_ci.source import Source
from ctr_ci.verbs.lint_builds import Build, joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ctr_ci.document import Node

    Read = Callable[[str], str]

DEEPEST = 10  # services that extend each other in a row
_KEYS = ("context", "dockerfile", "dockerfile_inline", "target")


class _Service:
    """The build of one service, as far as it is said. Paths are already below the file that said them."""

    def __init__(self, texts: dict[str, str | None], maps: dict[str, dict[str, str | None]]) -> None:
        self.texts = texts
        self.maps = maps

    def over(self, other: _Service) -> _Service:
        """This one's sayings over those of another."""
        keys = {*self.maps, *other.maps}
        maps = {key: other.maps.get(key, {}) | self.maps.get(key, {}) for key in keys}
        return _Service(other.texts | self.texts, maps)


def builds(paths: list[str], read: Read) -> Iterator[Build]:
    """What the compose files of one folder build; `paths[0]` is the one that the others add to."""
    first: dict[str, _Service] = {}
    known: dict[str, dict[str, _Service]] = {}
    for number, path in enumerate(paths):
        services = _services(path, read, known)
        if not number:
            first = services
        for name, service in services.items():
            said = service.over(first[name]) if number and name in first else service
            build = _build(said, os.path.dirname(path))
            if build is not None:
                yield build


def _build(service: _Service, folder: str) -> Build | None:
    if not service.texts and not service.maps:
        return None
    context = service.texts.get("context", folder)
    dockerfile = service.texts.get("dockerfile", "")
    if "dockerfile_inline" in service.texts or context is None or dockerfile is None:
        return None
    return Build(
        joined(context, dockerfile or "Dockerfile"),
        context,
        service.texts.get("target") or "",
        tuple(service.maps.get("args", ())),
        tuple(service.maps.get("additional_contexts", ())),
    )


def _services(path: str, read: Read, known: dict[str, dict[str, _Service]]) -> dict[str, _Service]:
    """The services of a file, which is read once; `known` are those of the files that were, and of one
    that is being read none: files may not extend each other in a circle."""
    if path not in known:
        known[path] = {}
        node = _entry(_load(path, read), "services")
        inside = {entry.key: entry.value for entry in node.entries} if isinstance(node, Map) else {}
        known[path] = {name: _service(name, inside, path, read, known, ()) for name in inside}
    return known[path]


def _service(
    name: str,
    services: dict[str, Node],
    path: str,
    read: Read,
    known: dict[str, dict[str, _Service]],
    seen: tuple[str, ...],
) -> _Service:
    node = services.get(name)
    folder = os.path.dirname(path)
    own = _own(_entry(node, "build"), folder)
    base = _entry(node, "extends")
    if base is None or name in seen or len(seen) > DEEPEST:
        return own
    file = _text(_entry(base, "file")) if isinstance(base, Map) else ""
    other = _text(_entry(base, "service")) if isinstance(base, Map) else _text(base)
    if file is None or not other:
        return own
    if file and joined(folder, file) != path:
        found = _services(joined(folder, file), read, known)
        return own.over(found[other]) if other in found else own
    return own.over(_service(other, services, path, read, known, (*seen, name)))


def _own(node: Node | None, folder: str) -> _Service:
    if isinstance(node, Scalar):
        context = _text(node)
        return _Service({"context": joined(folder, context) if context else None}, {})
    if not isinstance(node, Map):
        return _Service({}, {})
    texts: dict[str, str | None] = {}
    for key in _KEYS:
        entry = node.entry(key)
        if entry is not None:
            said = _text(entry.value)
            texts[key] = joined(folder, said) if key == "context" and said else said
    maps = {key: _pairs(_entry(node, key)) for key in ("args", "additional_contexts")}
    return _Service(texts or {"context": folder}, {key: pairs for key, pairs in maps.items() if pairs})


def _pairs(node: Node | None) -> dict[str, str | None]:
    """A map, or a list of `NAME=VALUE`."""
    if isinstance(node, Map):
        return {entry.key: _text(entry.value) for entry in node.entries}
    texts = [_text(one) for one in node.items] if isinstance(node, List) else []
    return {text.partition("=")[0]: text.partition("=")[2] for text in texts if text}


def _load(path: str, read: Read) -> Node | None:
    text = read(path)
    if "build" not in text and "extends" not in text:
        return None
    try:
        return load(Source(path, text))
    except InputError:
        return None


def _entry(node: Node | None, key: str) -> Node | None:
    entry = node.entry(key) if isinstance(node, Map) else None
    return entry.value if entry else None


def _text(node: Node | None) -> str | None:
    """A scalar's text with its variables at their defaults; None where that is not known."""
    if not isinstance(node, Scalar) or node.kind == "null":
        return None
    if "$" not in node.text:
        return node.text
    import re

    known = True

    def at_default(match: re.Match[str]) -> str:
        nonlocal known
        if match["dollar"]:
            return "$"
        if match["default"] is None:
            known = False
        return match["default"] or ""

    pattern = r"\$(?:(?P<dollar>\$)|\{\w+(?!\w)(?::?-(?P<default>[^${}]*)|[^{}]*)\}|\w+)"
    text = re.sub(pattern, at_default, node.text)
    return text if known else None
