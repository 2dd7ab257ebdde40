"""Which calls of BuildKit's gRPC service a step may make, and which builds it may ask for. Pure.

Field numbers: moby/buildkit `api/services/control/control.proto`. A build's rights come from the
entitlements of its Solve call alone, so whoever grants none needs not look into what is built.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ctr_ci.broker.build import claim
from ctr_ci.broker.http import Malformed
from ctr_ci.broker.name import full
from ctr_ci.broker.verdict import Denial, Owned

_CONTROL = "/moby.buildkit.v1.Control/"
_BRIDGE = "/moby.buildkit.v1.frontend.LLBBridge/"
SOLVE = _CONTROL + "Solve"
# Not NewContainer and ExecProcess: those skipped the check of entitlements (GHSA-wr6v-9f75-vh2g). Not
# Prune, DiskUsage and the build history: they are everybody's.
METHODS = frozenset(
    [_CONTROL + name for name in ("Solve", "Status", "ListWorkers", "Info")]
    + [
        _BRIDGE + name
        for name in (
            *("ResolveImageConfig", "ResolveSourceMeta", "Solve", "ReadFile", "ReadDir", "StatFile"),
            *("Evaluate", "Ping", "Return", "Inputs", "Warn"),
        )
    ]
    + ["/grpc.health.v1.Health/Check"]
)
# Clients ask for these unasked, and do without where an engine has none.
ABSENT = ("/opentelemetry.", _CONTROL + "ListenBuildHistory")
_EXPORTERS = ("", "moby", "local", "tar", "oci", "docker")
_CACHES = ("", "inline", "local")


@dataclass(frozen=True, slots=True)
class Solve:
    """What a Solve call asks for: `names` are those that the image shall get."""

    session: str
    exporters: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    attributes: tuple[tuple[str, str], ...]
    caches: tuple[str, ...]
    entitlements: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names in full, of every exporter that keeps an image here."""
        found = (value for _, pairs in self.exporters for key, value in pairs if key == "name")
        return tuple(full(name) for value in found for name in value.split(",") if name)


def solve(message: bytes) -> Solve:
    """A SolveRequest. Raises Malformed."""
    exporter, session = "", ""
    exporter_attributes: list[tuple[str, str]] = []
    exporters, attributes, caches, entitlements = [], [], [], []
    for number, value in fields(message):
        match number:
            case 3:
                exporter = _text(value)
            case 4:
                exporter_attributes.append(_pair(value))
            case 5:
                session = _text(value)
            case 7:
                attributes.append(_pair(value))
            case 8:
                caches += list(_caches(value))
            case 9:
                entitlements.append(_text(value))
            case 13:
                exporters.append(_exporter(value))
            case _:
                pass
    return Solve(
        session,
        ((exporter, tuple(exporter_attributes)), *exporters),
        tuple(attributes),
        tuple(caches),
        tuple(entitlements),
    )


def check(asked: Solve, owned: Owned) -> None:
    """Raises Denial where a step may not have this built so."""
    if asked.entitlements:
        raise Denial(
            "entitlements",
            f"the right {asked.entitlements[0]} is closed to steps",
            "build without --allow and without --network host",
        )
    for kind, pairs in asked.exporters:
        if kind not in _EXPORTERS:
            raise Denial("exporter", f"the exporter {kind!r} is closed to steps", "use --load, local or tar")
        if any("push" in key.lower() and value.lower() != "false" for key, value in pairs):
            raise Denial("push", "a build may not push", "list the image under images: to have it pushed")
    for kind in asked.caches:
        if kind not in _CACHES:
            raise Denial("exporter", f"a cache of type {kind!r} leaves the machine", "use inline or local")
    for key, value in asked.attributes:
        if key == "cgroup-parent" and value:
            raise Denial("cgroup-parent", "the cgroup parent is not a step's to choose", "leave it out")
    if asked.session and not owned.session(asked.session):
        raise Denial("foreign-session", "this build has no such BuildKit session", "open it by /session")
    for name in asked.names:
        claim(name, owned)


def built(response: bytes) -> tuple[str, ...]:
    """What a SolveResponse may mean by the image's ID: its config's digest in one store of images, its
    manifest's in the other."""
    told = dict(_pair(value) for number, value in fields(response) if number == 1)
    keys = ("containerimage.config.digest", "containerimage.digest")
    return tuple(told[key] for key in keys if told.get(key))


def fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The length-delimited fields of a protobuf message; others are skipped. Raises Malformed."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        match tag & 7:
            case 0:
                _, at = _varint(message, at)
            case 1:
                at += 8
            case 5:
                at += 4
            case 2:
                length, at = _varint(message, at)
                if at + length > len(message):
                    raise Malformed(400, "a protobuf field is longer than its message")
                yield tag >> 3, message[at : at + length]
                at += length
            case _:
                raise Malformed(400, "a protobuf field of a kind that is gone")
    if at > len(message):
        raise Malformed(400, "a protobuf message ends too early")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        number |= (message[at] & 0x7F) << shift
        at += 1
        if not message[at - 1] & 0x80:
            return number, at
    raise Malformed(400, "a protobuf number that does not end")


def _exporter(message: bytes) -> tuple[str, tuple[tuple[str, str], ...]]:
    kind, pairs = "", []
    for number, value in fields(message):
        if number == 1:
            kind = _text(value)
        elif number == 2:
            pairs.append(_pair(value))
    return kind, tuple(pairs)


def _caches(message: bytes) -> Iterator[str]:
    """The types that a CacheOptions exports to."""
    for number, value in fields(message):
        if number == 1:
            yield "registry"  # ExportRefDeprecated: a reference to push to
        elif number == 4:
            yield next((_text(inner) for key, inner in fields(value) if key == 1), "")


def _pair(message: bytes) -> tuple[str, str]:
    found = dict(fields(message))
    return _text(found.get(1, b"")), _text(found.get(2, b""))


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(400, "a protobuf text is not UTF-8") from error
