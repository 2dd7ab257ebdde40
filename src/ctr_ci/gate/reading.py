"""Nodes of a document read as what they should be; what they are not becomes a problem with its place."""

from __future__ import annotations

from collections.abc import Sequence

from ctr_ci.document import Entry, List, Map, Node, Scalar, nearest
from ctr_ci.problem import Problem
from ctr_ci.source import Span


class Reading:
    """Reads one file; `problems` gathers what is wrong with it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []

    def say(self, span: Span, found: str, expected: str, help: str = "") -> None:
        self.problems.append(Problem(found, expected, help, self.path, span))

    def keys(self, node: Node, known: Sequence[str], what: str) -> dict[str, Entry]:
        """The entries of a map, by key; unknown ones are problems."""
        if not isinstance(node, Map):
            self.say(node.span, f"{what} is no map", f"some of {', '.join(known)}")
            return {}
        for entry in node.entries:
            if entry.key not in known:
                near = nearest(entry.key, known)
                help = f"did you mean {near}?" if near else ""
                self.say(entry.key_span, f"unknown key {entry.key!r} in {what}", ", ".join(known), help)
        return {entry.key: entry for entry in node.entries if entry.key in known}

    def items(self, node: Node | None, what: str) -> tuple[Node, ...]:
        if node is None or (isinstance(node, Scalar) and node.kind == "null"):
            return ()
        if isinstance(node, List):
            return node.items
        self.say(node.span, f"{what} is no list", "a list of entries that begin with `-`")
        return ()

    def inner(self, entry: Entry | None) -> tuple[Node, ...]:
        """The items of an entry's list; () where it is absent."""
        return self.items(entry.value, entry.key) if entry else ()

    def text(self, node: Node) -> str:
        if isinstance(node, Scalar) and node.kind != "null":
            return node.text
        self.say(node.span, "a text is missing here", "one word or number")
        return ""

    def texts(self, entry: Entry | None) -> tuple[str, ...]:
        """A list of texts; one text alone is a list of one."""
        if entry is None:
            return ()
        if isinstance(entry.value, Scalar) and entry.value.kind != "null":
            return (entry.value.text,)
        return tuple(self.text(item) for item in self.inner(entry))

    def maybe(self, entry: Entry | None) -> str | None:
        return self.text(entry.value) if entry else None

    def whole(self, entry: Entry | None, default: int) -> int:
        if entry is None:
            return default
        node = entry.value
        if isinstance(node, Scalar) and isinstance(node.value, int) and node.kind == "int":
            return int(node.value)
        self.say(node.span, f"{entry.key} is no whole number", "a whole number")
        return default

    def flag(self, entry: Entry | None, default: bool) -> bool:
        if entry is None:
            return default
        node = entry.value
        if isinstance(node, Scalar) and node.kind == "bool":
            return bool(node.value)
        self.say(node.span, f"{entry.key} is neither true nor false", "true or false")
        return default
