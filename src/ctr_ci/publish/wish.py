"""What a push should make, and where its bytes come from: the words of `push`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from ctr_ci.oci import Digest, Pairs
from ctr_ci.publish.attest import Document
from ctr_ci.publish.pack import GZIP, Packing

Attest = Callable[[Digest], tuple[Document, ...]]


class Content(Protocol):
    """Where the bytes of a tested image come from. Both raise CtrCiError where it is gone."""

    def layers(self, image_id: Digest) -> tuple[Digest, ...]:
        """The image's layers by content (diff IDs), base first."""

    def export(self, image_id: Digest) -> Iterator[bytes]:
        """An archive of the image alone, as `docker save` writes it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a push should make: tags, in the order in which they are set; `keep`: tags that must not
    move once they exist; annotations of the manifest (which make it an OCI one); `harmless`: build
    arguments with the name of a secret that are none; `attest` gives the
    documents to attach to the manifest of that digest; `only_if_newer`: tags at what is not older stay."""

    tags: tuple[str, ...]
    keep: frozenset[str] = frozenset()
    annotations: Pairs = ()
    harmless: frozenset[str] = frozenset()
    packing: Packing = GZIP
    attest: Attest = lambda _: ()
    only_if_newer: bool = False

    @property
    def form(self) -> str:
        """All that the manifest's bytes depend on beside the image."""
        return f"{'oci' if self.is_oci else 'docker'} {self.packing.key} {self.annotations!r}"

    @property
    def is_oci(self) -> bool:
        """Docker's manifests, the most widely accepted, have neither annotations nor zstd."""
        return bool(self.annotations) or not self.packing.docker_type
