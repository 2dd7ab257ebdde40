"""What a push did: the values that the text and JSON receipts are made from."""

from __future__ import annotations

from dataclasses import dataclass

from ctr_ci.oci import Digest, Repository
from ctr_ci.publish.release import Release


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tag after the push; `previous` is what it pointed at before, None where it was new. `kept`:
    why it was left at `previous`, "" where it was not."""

    name: str
    previous: Digest | None
    moved: bool
    kept: str = ""


@dataclass(frozen=True, slots=True)
class Shipped:
    """A blob of the pushed image: `size` in bytes, `how`: uploaded, mounted or existing."""

    digest: Digest
    size: int
    how: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """One image in one repository; `digest` is the manifest's, or the index's over `members`."""

    release: Release
    repository: Repository
    digest: Digest
    media_type: str
    blobs: tuple[Shipped, ...]
    tags: tuple[Tagged, ...]
    seconds: float
    attestations: tuple[Digest, ...] = ()
    members: tuple[Receipt, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all blobs, as stored."""
        return sum(blob.size for blob in self.blobs)

    @property
    def uploaded(self) -> int:
        """Bytes that travelled."""
        return sum(blob.size for blob in self.blobs if blob.how == "uploaded")
