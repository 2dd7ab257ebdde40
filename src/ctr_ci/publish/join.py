"""Several pushed images, one for each platform, under one name: an index over their manifests."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from ctr_ci.events import Event
from ctr_ci.oci import Descriptor, Manifest, Object, Platform, image_index, media
from ctr_ci.problem import InputError, Problem
from ctr_ci.publish.push import check_kept, finish, standing
from ctr_ci.publish.receipt import Receipt
from ctr_ci.publish.wish import Wish
from ctr_ci.registry import Registry, blobs, manifests


def join(wish: Wish, registry: Registry, members: tuple[Receipt, ...]) -> Generator[Event, None, Receipt]:
    """The index of what `members` pushed by digest, under the tags of `wish`. Raises InputError where
    two are for the same platform, Refused where a tag may not move."""
    started = registry.clock.monotonic()
    entries = tuple(_entry(registry, member) for member in members)
    platforms = [str(entry.platform) for entry in entries]
    if len(set(platforms)) < len(platforms):
        raise InputError(Problem(f"images for {', '.join(platforms)}", expected="one for each platform"))
    docker = all(entry.media_type == media.DOCKER_MANIFEST for entry in entries) and not wish.annotations
    kind = media.DOCKER_LIST if docker else media.OCI_INDEX
    index = image_index(entries, wish.annotations, kind)
    before = standing(registry, wish)
    check_kept(members[0].release, wish, registry, before, index)
    manifests.put(registry, str(index.digest), index)
    shipped = tuple({blob.digest: blob for member in members for blob in member.blobs}.values())
    receipt = yield from finish(members[0].release, wish, registry, index, shipped, started, before)
    seconds = receipt.seconds + sum(member.seconds for member in members)
    return replace(receipt, members=members, seconds=seconds)


def _entry(registry: Registry, member: Receipt) -> Descriptor:
    found = manifests.get(registry, str(member.digest))
    if not isinstance(found, Manifest):
        raise InputError(
            Problem(f"{member.digest} is an index already", expected="the image of one platform")
        )
    raw = blobs.read(registry, found.config.digest, found.config.size)
    config = Object.parse(raw, "the image's config")
    platform = Platform(config.text("os"), config.text("architecture"), config.text("variant", ""))
    return Descriptor(found.media_type, found.digest, len(found.raw), platform=platform)
