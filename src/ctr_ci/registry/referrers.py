"""What refers to a manifest: attestations and the like (distribution-spec "Listing Referrers").

The listing is trusted, not the `OCI-Subject` header: one large registry sent that without having a
list (publishing.md §1.3). Where there is none, the fallback tag is kept, with each entry's type and
annotations; two writers of that tag can lose each other's entry, so it is read back.
"""

from __future__ import annotations

from urllib.parse import urljoin

from ctr_ci.oci import Descriptor, Digest, Index, Manifest, image_index, parse_manifest
from ctr_ci.problem import InputError, Problem
from ctr_ci.registry import manifests
from ctr_ci.registry.client import Registry
from ctr_ci.registry.failure import RegistryError
from ctr_ci.registry.http import Request

NO_LIST = (404, 405)
TRIES = 3


def attach(registry: Registry, manifest: Manifest) -> None:
    """Stores a manifest that has a `subject`, and sees to it that the subject's list names it."""
    assert manifest.subject is not None
    manifests.put(registry, str(manifest.digest), manifest)
    listed = _listed(registry, manifest.subject.digest)
    if listed is not None:
        if all(entry.digest != manifest.digest for entry in listed):
            raise _lost(registry, manifest)
        return
    entry = Descriptor(
        manifest.media_type,
        manifest.digest,
        len(manifest.raw),
        manifest.annotations,
        manifest.artifact_type or manifest.config.media_type,
    )
    tag = fallback_tag(manifest.subject.digest)
    for _ in range(TRIES):
        known = _fallback(registry, tag)
        if any(one.digest == entry.digest for one in known):
            return
        manifests.put(registry, tag, image_index((*known, entry)))
    if all(one.digest != entry.digest for one in _fallback(registry, tag)):
        raise _lost(registry, manifest)


def referrers(registry: Registry, digest: Digest) -> tuple[Descriptor, ...]:
    """All that refers to `digest`, in the registry's order; () where nothing does."""
    listed = _listed(registry, digest)
    return _fallback(registry, fallback_tag(digest)) if listed is None else listed


def fallback_tag(digest: Digest) -> str:
    """The tag that keeps the list where a registry has none."""
    return f"{digest.algorithm[:32]}-{digest.hex[:64]}"


def _listed(registry: Registry, digest: Digest) -> tuple[Descriptor, ...] | None:
    """The registry's own list, over all its pages; None where it keeps none."""
    found: list[Descriptor] = []
    url = registry.url(f"referrers/{digest}")
    while url:
        request = Request("GET", url)
        response = registry.send(request, 200, *NO_LIST)
        if response.status in NO_LIST:
            return None
        page = parse_manifest(response.body, response.header("content-type") or "")
        if not isinstance(page, Index):
            return None
        found += page.manifests
        link = response.header("link") or ""
        following = link.partition(">")[0].removeprefix("<") if 'rel="next"' in link else ""
        url = urljoin(url, following) if following else ""
    return tuple(found)


def _fallback(registry: Registry, tag: str) -> tuple[Descriptor, ...]:
    """The entries under the fallback tag. Raises where something else stands there."""
    try:
        found = manifests.get(registry, tag)
    except RegistryError as error:
        if error.__cause__ is None or not isinstance(error.__cause__, InputError):
            raise
        raise _foreign(registry, tag) from error
    if found is None:
        return ()
    if not isinstance(found, Index):
        raise _foreign(registry, tag)
    return found.manifests


def _foreign(registry: Registry, tag: str) -> RegistryError:
    problem = Problem(
        f"tag {tag} of {registry.repository} is no list of referrers",
        expected="an index: the place where attestations are listed",
        help="it was left as it is; remove it if nobody needs it",
    )
    return RegistryError(Request("GET", registry.url(f"manifests/{tag}")), 200, "", False, problem)


def _lost(registry: Registry, manifest: Manifest) -> RegistryError:
    problem = Problem(
        f"{registry.repository} does not list the attestation that it took", expected=str(manifest.digest)
    )
    return RegistryError(Request("GET", registry.url("referrers")), 200, "", False, problem)
