"""A descriptor: what some content is, its digest and its size (image-spec `descriptor.md`)."""

from __future__ import annotations

from ctr_ci.oci.digest import Digest
from ctr_ci.oci.shape import Object
from ctr_ci.value import value

Pairs = tuple[tuple[str, str], ...]


@value
class Platform:
    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))


@value
class Descriptor:
    """`size` in bytes; `annotations` in the order of the document."""

    media_type: str
    digest: Digest
    size: int
    annotations: Pairs = ()
    artifact_type: str = ""
    platform: Platform | None = None

    @classmethod
    def read(cls, found: Object) -> Descriptor:
        """Raises InputError where a field is missing or of another type."""
        platform = None
        if found.has("platform"):
            on = found.child("platform")
            platform = Platform(on.text("os"), on.text("architecture"), on.text("variant", ""))
        return cls(
            found.text("mediaType"),
            Digest.parse(found.text("digest")),
            found.number("size"),
            found.pairs("annotations"),
            found.text("artifactType", ""),
            platform,
        )

    def as_json(self) -> dict[str, object]:
        made: dict[str, object] = {
            "mediaType": self.media_type,
            "size": self.size,
            "digest": str(self.digest),
        }
        if self.annotations:
            made["annotations"] = dict(self.annotations)
        if self.artifact_type:
            made["artifactType"] = self.artifact_type
        if self.platform:
            made["platform"] = {
                "architecture": self.platform.architecture,
                "os": self.platform.os,
                **({"variant": self.platform.variant} if self.platform.variant else {}),
            }
        return made
