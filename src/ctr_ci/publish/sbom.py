"""What is in the image, as a CycloneDX document: an in-toto statement like the evidence.

The only importer of `cyclonedx` (extra `sbom`). The same image gives the same bytes, so a document
that is there already is not attached again: the serial number is made from the image ID, and no
time of making is told. Package URLs by the types of the purl specification (purl-types).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from ctr_ci.oci import Digest, Manifest
from ctr_ci.problem import InputError, Problem, WorldError
from ctr_ci.publish.attest import Document, Seal, statement
from ctr_ci.publish.release import Release
from ctr_ci.publish.wish import Content
from ctr_ci.registry import Registry, manifests

if TYPE_CHECKING:
    from cyclonedx.model.component import Component

    from ctr_ci.image import PackageWeight, Weight

PREDICATE = "https://cyclonedx.org/bom"
SYSTEM = frozenset({"deb", "apk", "rpm", "pacman"})
TYPES = {"pacman": "alpm", "pip": "pypi", "go": "golang"}  # where purl's word is another than ours


def check_sbom() -> None:
    """Raises InputError where the library that writes it is not installed."""
    from importlib.util import find_spec

    if find_spec("cyclonedx") is None:
        raise InputError(Problem("--sbom needs the library cyclonedx", help="pip install 'ctr-ci[sbom]'"))


def sbom(
    release: Release,
    manifest: Digest,
    registry: Registry,
    content: Content,
    version: str,
    seal: Seal | None = None,
) -> Document:
    """The statement of what the pushed manifest holds, for `seal` to sign. `version` is ours. The whole
    image is read, each time: nothing that is remembered could prove what is in it. Raises WorldError
    where the bytes are another image's."""
    from ctr_ci.image import inspect  # costly: a push without an SBOM does without

    weight = inspect(content.export(release.image_id), wanted=str(release.image_id))
    if weight.image_id not in _configs(registry, manifest):
        raise WorldError(
            Problem(f"the export holds another image, {weight.image_id}", expected=str(release.image_id))
        )
    said: object = json.loads(bom(weight, version))
    return Document(statement(registry.repository, manifest, PREDICATE, said), PREDICATE, seal)


def bom(weight: Weight, version: str) -> bytes:
    """The packages at the end of all layers, each once, as CycloneDX 1.6 in JSON."""
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.tool import ToolRepository
    from cyclonedx.output.json import JsonV1Dot6

    ourselves = Component(name="ctr-ci", version=version, type=ComponentType.APPLICATION)
    image = Component(
        name=weight.image_id,
        type=ComponentType.CONTAINER,
        bom_ref=weight.image_id,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=weight.image_id.removeprefix("sha256:"))],
    )
    metadata = BomMetaData(tools=ToolRepository(components=[ourselves]), component=image)
    # A time would give the same image other bytes; the format lets it out, the library's types do not.
    metadata.timestamp = None  # type: ignore[assignment]
    made = Bom(
        components=list(_components(weight)),
        serial_number=uuid5(NAMESPACE_URL, weight.image_id),
        metadata=metadata,
    )
    made.register_dependency(image, made.components)
    return JsonV1Dot6(made).output_as_string().encode()


def _components(weight: Weight) -> Iterator[Component]:
    from cyclonedx.model.component import Component, ComponentType

    name, release = weight.distribution
    if name:
        kind = ComponentType.OPERATING_SYSTEM
        yield Component(name=name, version=release or None, type=kind, bom_ref=f"os:{name}")
    seen: set[str] = set()
    for package in weight.packages:
        url = package_url(package, weight.distribution)
        if package.removed or url in seen:
            continue
        seen.add(url)
        yield _component(package, url)


def _component(package: PackageWeight, url: str) -> Component:
    from cyclonedx.model.component import Component
    from packageurl import PackageURL

    return Component(
        name=package.name, version=package.version or None, purl=PackageURL.from_string(url), bom_ref=url
    )


def package_url(package: PackageWeight, distribution: tuple[str, str] = ("", "")) -> str:
    """The package's URL, `pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS`."""
    from packageurl import PackageURL

    space, name, version = "", package.name, package.version
    qualifiers: dict[str, str] = {}
    if package.ecosystem in SYSTEM:
        space, release = distribution
        if space and release:
            qualifiers["distro"] = f"{space}-{release}"
        if package.ecosystem == "rpm" and ":" in version:
            qualifiers["epoch"], _, version = version.partition(":")
    elif package.ecosystem == "maven":
        space, _, name = name.rpartition(":")
    elif package.ecosystem in ("npm", "composer", "go"):
        space, _, name = name.rpartition("/")
    kind = TYPES.get(package.ecosystem, package.ecosystem)
    return PackageURL(kind, space or None, name, version or None, qualifiers or None).to_string()


def _configs(registry: Registry, manifest: Digest) -> set[str]:
    """The image IDs under a manifest: its own config, or those of an index."""
    found = manifests.get(registry, str(manifest))
    if isinstance(found, Manifest):
        return {str(found.config.digest)}
    return {
        str(child.config.digest)
        for entry in (found.manifests if found else ())
        if isinstance(child := manifests.get(registry, str(entry.digest)), Manifest)
    }
