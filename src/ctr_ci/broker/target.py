"""A request's target in one normal form: decoded once, no dots, no double slashes.

The engine is sent this form and nothing else, so no spelling of a path can mean one thing here and
another there. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode

from ctr_ci.broker.http import Malformed

_VERSION = re.compile(r"v\d{1,3}(\.\d{1,3})+")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PATH = re.compile(r"[ -$&-\[\]-~]*")  # printable ASCII without `%` and `\`
MANY = frozenset({"t", "names"})  # parameters that the engine reads all of; of others the first


@dataclass(frozen=True, slots=True)
class Target:
    """`version` is "v1.41" or "" where the client gave none; `path` starts with a slash."""

    version: str
    path: str
    query: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """The first value of a parameter, "" where absent."""
        return next((value for key, value in self.query if key == name), "")

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.query if key == name)

    def with_path(self, path: str) -> Target:
        return Target(self.version, path, self.query)

    def with_query(self, **changes: str | None) -> Target:
        """Some parameters set, or removed where the value is None."""
        kept = tuple((key, value) for key, value in self.query if key not in changes)
        added = tuple((key, value) for key, value in changes.items() if value is not None)
        return Target(self.version, self.path, kept + added)

    def only(self, *names: str) -> Target:
        """Without the parameters that are not named."""
        return Target(self.version, self.path, tuple((k, v) for k, v in self.query if k in names))

    def __str__(self) -> str:
        path = (f"/{self.version}" if self.version else "") + quote(self.path, safe="/:@!$&'()*+,;=~")
        return f"{path}?{urlencode(self.query)}" if self.query else path


def parse(raw: str) -> Target:
    """The normal form of an origin-form target. Raises Malformed where it has no single meaning."""
    path, _, query = raw.partition("?")
    segments: list[str] = []
    for segment in _decode(path).split("/"):
        if segment == "..":
            segments = segments[:-1]
        elif segment not in ("", "."):
            segments.append(segment)
    version = segments.pop(0) if segments and _VERSION.fullmatch(segments[0]) else ""
    return Target(version, "/" + "/".join(segments), _query(query))


def _decode(path: str) -> str:
    if _BAD_ESCAPE.search(path):
        raise Malformed(400, "a percent sign in the path escapes nothing")
    decoded = unquote_to_bytes(path).decode("latin-1")
    if not _PATH.fullmatch(decoded):
        raise Malformed(400, "the path holds what no name of the engine's can hold")
    return decoded


def _query(raw: str) -> tuple[tuple[str, str], ...]:
    if _BAD_ESCAPE.search(raw) or ";" in raw:
        raise Malformed(400, "the query is not well-formed")
    try:
        pairs = tuple(parse_qsl(raw, keep_blank_values=True, errors="strict", max_num_fields=1000))
    except ValueError as error:
        raise Malformed(400, "the query is not well-formed") from error
    keys = [key for key, _ in pairs if key not in MANY]
    if len(keys) != len(set(keys)):
        raise Malformed(400, "a parameter of the query is given twice")
    return pairs
