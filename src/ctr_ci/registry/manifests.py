"""Manifests and tags: read by digest or tag with every type asked for, written as exact bytes."""

from __future__ import annotations

from ctr_ci.oci import Digest, Index, Manifest, media, parse_manifest
from ctr_ci.problem import InputError, Problem
from ctr_ci.registry.client import Registry
from ctr_ci.registry.failure import RegistryError
from ctr_ci.registry.http import Request, Response


def digest_of(registry: Registry, selector: str) -> Digest | None:
    """What a tag (or digest) points at, None where it does not exist."""
    request = Request("HEAD", registry.url(f"manifests/{selector}"), (("Accept", media.ACCEPT),))
    response = registry.send(request, 200, 404)
    if response.status == 404:
        return None
    said = response.header("docker-content-digest")
    if not said:  # the header is only recommended
        found = get(registry, selector)
        return found.digest if found else None
    return _digest(registry, request, said)


def get(registry: Registry, selector: str) -> Manifest | Index | None:
    """The manifest or index, its bytes compared with the digest that was asked for."""
    request = Request("GET", registry.url(f"manifests/{selector}"), (("Accept", media.ACCEPT),))
    response = registry.send(request, 200, 404)
    if response.status == 404:
        return None
    try:
        found = parse_manifest(response.body, response.header("content-type") or "")
    except InputError as error:
        raise _wrong(registry, request, response, error.problems[0].found) from error
    if ":" in selector and str(found.digest) != selector:
        raise _wrong(registry, request, response, f"a manifest with the digest {found.digest}")
    return found


def put(registry: Registry, selector: str, manifest: Manifest | Index) -> Response:
    """Stores the manifest's bytes under a digest or tag. Raises RegistryError, and Refused where
    the tag may not move. A 500 is tried again with the same bytes."""
    request = Request(
        "PUT",
        registry.url(f"manifests/{selector}"),
        (("Content-Type", manifest.media_type),),
        manifest.raw,
    )
    response = registry.send(request, 201)
    said = response.header("docker-content-digest")
    if said and said != str(manifest.digest):
        raise _wrong(registry, request, response, f"that it stored {said[:80]}")
    return response


def tags(registry: Registry) -> tuple[str, ...]:
    """All tags of the repository, over as many pages as it takes; () where it does not exist."""
    from urllib.parse import urljoin

    from ctr_ci.oci import Object

    found: list[str] = []
    url: str | None = registry.url("tags/list?n=1000")
    while url:
        request = Request("GET", url)
        response = registry.send(request, 200, 404)
        if response.status == 404:
            break
        found += Object.parse(response.body, "the list of tags").texts("tags")
        link = response.header("link") or ""
        following = link.partition(">")[0].removeprefix("<") if 'rel="next"' in link else ""
        url = urljoin(url, following) if following else None
    return tuple(found)


def _digest(registry: Registry, request: Request, text: str) -> Digest:
    try:
        return Digest.parse(text)
    except InputError as error:
        raise _wrong(registry, request, Response(200), f"the digest {text[:80]!r}") from error


def _wrong(registry: Registry, request: Request, response: Response, what: str) -> RegistryError:
    problem = Problem(
        f"{registry.repository.host} answers {request.method} with {what}", expected="what was asked for"
    )
    return RegistryError(request, response.status, "", retry=False, problem=problem)
