"""An image that lies in a registry: its manifest, config and layers, read and not kept."""

from __future__ import annotations

import platform as machine
from collections.abc import Sequence

from ctr_ci.image import Weight, inspect_layers
from ctr_ci.oci import Index, Manifest, Reference
from ctr_ci.problem import InputError, Problem
from ctr_ci.registry import Registry, blobs, manifests
from ctr_ci.verbs.publish_parts import Clients, Reach

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
LARGEST_CONFIG = 8 << 20


def pulled(text: str, reach: Reach | None, platform: str, base: Sequence[str] | None) -> Weight:
    """The weight of the image that `text` refers to; `platform`: "linux/arm64", "" for this machine's.

    Raises InputError where there is none, RegistryError where the registry fails.
    """
    reference = Reference.parse(text)
    clients = Clients(reach or Reach())
    try:
        registry = clients.registry(reference.repository, writes=False)
        manifest = _manifest(registry, reference.selector, platform)
        config = blobs.read(registry, manifest.config.digest, LARGEST_CONFIG)
        layers = (blobs.fetch(registry, layer.digest) for layer in manifest.layers)
        return inspect_layers(config, layers, names=(text,), base=base)
    finally:
        clients.close()


def _manifest(registry: Registry, selector: str, platform: str) -> Manifest:
    found = manifests.get(registry, selector)
    if found is None:
        raise InputError(
            Problem(
                f"{registry.repository} has no {selector}",
                expected="an image that is there",
                help="without registry:// an image of the engine is meant",
            )
        )
    if isinstance(found, Manifest):
        return found
    wanted = platform or f"linux/{ARCHITECTURES.get(machine.machine(), machine.machine())}"
    fitting = [
        entry for entry in found.manifests if entry.platform and str(entry.platform).startswith(wanted)
    ]
    if not fitting:
        there = sorted({str(entry.platform) for entry in found.manifests if entry.platform})
        raise InputError(
            Problem(
                f"{selector} of {registry.repository} has no image for {wanted}",
                expected=f"one of {', '.join(there) or 'none'}",
                help="--platform says which",
            )
        )
    inner = manifests.get(registry, str(fitting[0].digest))
    if isinstance(inner, Index) or inner is None:
        raise InputError(Problem(f"{selector} of {registry.repository} leads to no image"))
    return inner
