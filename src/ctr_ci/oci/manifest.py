"""Manifests and indexes: read from bytes, and made once as bytes that never change again.

A digest covers bytes. `raw` is what was read or first written, and the only thing that is ever
sent: the same bytes for the digest and for each tag.
"""

from __future__ import annotations

import json

from ctr_ci.oci import media
from ctr_ci.oci.descriptor import Descriptor, Pairs
from ctr_ci.oci.digest import Digest
from ctr_ci.oci.shape import Object
from ctr_ci.problem import InputError, Problem
from ctr_ci.value import value

LARGEST = 4 * 1024 * 1024  # bytes: what registries must accept, and all that some do


@value
class Manifest:
    """An image manifest (or artifact: `artifact_type`), of either family. `raw` is authoritative."""

    raw: bytes
    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    subject: Descriptor | None = None
    annotations: Pairs = ()
    artifact_type: str = ""

    @property
    def digest(self) -> Digest:
        return Digest.of(self.raw)

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """All that must be there before the manifest may be: config first, each once."""
        return tuple({str(d.digest): d for d in (self.config, *self.layers)}.values())


@value
class Index:
    """A list of manifests, one for each platform, or the referrers of a digest."""

    raw: bytes
    media_type: str
    manifests: tuple[Descriptor, ...]
    annotations: Pairs = ()

    @property
    def digest(self) -> Digest:
        return Digest.of(self.raw)


def parse(raw: bytes, media_type: str = "") -> Manifest | Index:
    """The manifest or index that `raw` is; `media_type` is the answer's header, used where the
    document names none. Raises InputError for anything else, schema 1 included."""
    found = Object.parse(raw, "the manifest")
    kind = found.text("mediaType", "") or media_type.partition(";")[0].strip()
    if not kind:
        kind = media.OCI_INDEX if found.has("manifests") else media.OCI_MANIFEST
    if kind in media.INDEXES:
        entries = tuple(Descriptor.read(entry) for entry in found.children("manifests"))
        return Index(raw, kind, entries, found.pairs("annotations"))
    if kind not in media.MANIFESTS:
        raise InputError(
            Problem(f"a manifest of type {kind!r}", expected="an OCI or Docker schema 2 manifest")
        )
    return Manifest(
        raw,
        kind,
        Descriptor.read(found.child("config")),
        tuple(Descriptor.read(layer) for layer in found.children("layers")),
        Descriptor.read(found.child("subject")) if found.has("subject") else None,
        found.pairs("annotations"),
        found.text("artifactType", ""),
    )


def image_manifest(
    config: Descriptor,
    layers: tuple[Descriptor, ...],
    annotations: Pairs = (),
    subject: Descriptor | None = None,
    artifact_type: str = "",
) -> Manifest:
    """The manifest of these parts, of the family of `config`.

    Serialised as Docker does (three spaces, its order of keys), so that equal blobs give the
    digest that `docker push` and skopeo would give.
    """
    docker = config.media_type == media.DOCKER_CONFIG
    if docker and (annotations or subject or artifact_type):
        raise InputError(Problem("annotations on a Docker manifest", expected="an OCI manifest"))
    kind = media.DOCKER_MANIFEST if docker else media.OCI_MANIFEST
    document: dict[str, object] = {"schemaVersion": 2, "mediaType": kind}
    if artifact_type:
        document["artifactType"] = artifact_type
    document["config"] = config.as_json()
    document["layers"] = [layer.as_json() for layer in layers]
    if subject:
        document["subject"] = subject.as_json()
    if annotations:
        document["annotations"] = dict(annotations)
    raw = _dump(document)
    return Manifest(raw, kind, config, layers, subject, annotations, artifact_type)


def image_index(
    manifests: tuple[Descriptor, ...], annotations: Pairs = (), media_type: str = media.OCI_INDEX
) -> Index:
    """The index of these manifests."""
    document: dict[str, object] = {"schemaVersion": 2, "mediaType": media_type}
    document["manifests"] = [entry.as_json() for entry in manifests]
    if annotations:
        document["annotations"] = dict(annotations)
    return Index(_dump(document), media_type, manifests, annotations)


def _dump(document: dict[str, object]) -> bytes:
    raw = json.dumps(document, indent=3, ensure_ascii=False).encode()
    if len(raw) > LARGEST:
        raise InputError(Problem(f"a manifest of {len(raw)} bytes", expected=f"at most {LARGEST}"))
    return raw
