"""A release to a repository: blobs, manifest by digest, read back, attested, and the tags last.

So no tag ever points at something half published. Yields events as things happen and returns the
receipt. Knows neither records nor where credentials come from.
"""

from __future__ import annotations

from collections.abc import Generator

from ctr_ci.events import BlobPushed, Event, ManifestPushed, Noted, TagMoved
from ctr_ci.oci import LARGEST, Descriptor, Digest, Index, Manifest
from ctr_ci.problem import CtrCiError, Problem, Refused, WorldError
from ctr_ci.publish.attest import IN_TOTO, PREDICATE_NOTE, Document, Seal, artifact
from ctr_ci.publish.bring import bring, is_whole
from ctr_ci.publish.memory import Memory
from ctr_ci.publish.newer import age, why_kept
from ctr_ci.publish.pack import bytes_of
from ctr_ci.publish.receipt import Receipt, Shipped, Tagged
from ctr_ci.publish.release import Release
from ctr_ci.publish.sign import BUNDLE
from ctr_ci.publish.wish import Content, Wish
from ctr_ci.registry import Registry, RegistryError, blobs, manifests, referrers


def push(
    release: Release, wish: Wish, registry: Registry, content: Content, memory: Memory
) -> Generator[Event, None, Receipt]:
    """Pushes. Raises Refused where a tag may not move, WorldError where registry or engine fail;
    no tag has been touched then, but for those that the message names."""
    clock = registry.clock
    started = clock.monotonic()
    before = standing(registry, wish)
    known = memory.manifest(release.image_id, wish.form)
    check_kept(release, wish, registry, before, known)
    shipped: list[Shipped] = []
    there = known and manifests.digest_of(registry, str(known.digest)) == known.digest
    if known and there and is_whole(registry, known):
        manifest: Manifest | Index = known
        for blob in known.blobs:
            shipped.append(Shipped(blob.digest, blob.size, "existing"))
            yield BlobPushed(clock.now(), str(blob.digest), blob.size, "existing")
    else:
        manifest = yield from bring(release, wish, registry, content, memory, known, shipped)
        check_kept(release, wish, registry, before, manifest)
    if isinstance(manifest, Manifest):
        memory.keep_manifest(release.image_id, wish.form, manifest)
    return (yield from finish(release, wish, registry, manifest, tuple(shipped), started, before))


def finish(
    release: Release,
    wish: Wish,
    registry: Registry,
    manifest: Manifest | Index,
    shipped: tuple[Shipped, ...],
    started: float,
    before: dict[str, Digest | None],
) -> Generator[Event, None, Receipt]:
    """What comes after the manifest: it is read back, attested, and then the tags."""
    clock = registry.clock
    if manifests.digest_of(registry, str(manifest.digest)) != manifest.digest:
        raise WorldError(
            Problem(
                f"{registry.repository} does not show the manifest that it took",
                expected=str(manifest.digest),
            )
        )
    yield ManifestPushed(clock.now(), str(registry.repository), str(manifest.digest), str(release.image_id))
    attested = tuple(_attach(registry, manifest, document) for document in wish.attest(manifest.digest))
    for digest in attested:
        yield Noted(clock.now(), "info", f"attested by {digest}")
    tagged = yield from _tag(wish, registry, manifest, before)
    return Receipt(
        release,
        registry.repository,
        manifest.digest,
        manifest.media_type,
        shipped,
        tagged,
        clock.monotonic() - started,
        attested,
    )


def _attach(registry: Registry, manifest: Manifest | Index, document: Document) -> Digest:
    """The document as a referrer of the manifest; one that is there already is left alone."""
    content, kind = document.content, IN_TOTO
    if document.seal:
        if (there := _signed(registry, manifest, document, document.seal)) is not None:
            return there
        content, kind = document.seal.sign(content), BUNDLE
    subject = Descriptor(manifest.media_type, manifest.digest, len(manifest.raw))
    made, config = artifact(content, kind, document.predicate, subject)
    for part in (config, content):
        digest = Digest.of(part)
        if not blobs.has(registry, digest):
            blobs.put(registry, digest, bytes_of(part))
    referrers.attach(registry, made)
    return made.digest


def _signed(registry: Registry, manifest: Manifest | Index, document: Document, seal: Seal) -> Digest | None:
    """An attestation that is there already and says the same, signed by the same."""
    for entry in referrers.referrers(registry, manifest.digest):
        if dict(entry.annotations).get(PREDICATE_NOTE) != document.predicate:
            continue
        found = manifests.get(registry, str(entry.digest))
        layers = found.layers[:1] if isinstance(found, Manifest) else ()
        for layer in layers:
            content = blobs.read(registry, layer.digest, layer.size) if layer.size <= LARGEST else b""
            if seal.has_signed(document.content, content):
                return entry.digest
    return None


def standing(registry: Registry, wish: Wish) -> dict[str, Digest | None]:
    """What each wanted tag points at now."""
    return {tag: manifests.digest_of(registry, tag) for tag in wish.tags}


def check_kept(
    release: Release,
    wish: Wish,
    registry: Registry,
    before: dict[str, Digest | None],
    manifest: Manifest | Index | None,
) -> None:
    """Refuses where a tag that must stay points elsewhere. Before the digest of ours is known, a
    tag passes for now if what it points at holds the very image."""
    for tag in wish.tags:
        there = before[tag]
        if tag not in wish.keep or there is None or (manifest and there == manifest.digest):
            continue
        if manifest is None:
            found = manifests.get(registry, str(there))
            if isinstance(found, Manifest) and found.config.digest == release.image_id:
                continue
        ours = f"manifest {manifest.digest}" if manifest else f"image {release.image_id}"
        raise Refused(
            Problem(
                f"tag {tag} of {registry.repository} may not move: it points at {there}",
                expected=f"it to be free, or at {ours}",
                help="push under a new tag; nothing was pushed",
            )
        )


def _tag(
    wish: Wish, registry: Registry, manifest: Manifest | Index, before: dict[str, Digest | None]
) -> Generator[Event, None, tuple[Tagged, ...]]:
    clock = registry.clock
    done: list[Tagged] = []
    ours = age(registry, manifest) if wish.only_if_newer and any(before.values()) else None
    for tag in wish.tags:
        there = before[tag]
        moved = there != manifest.digest
        if moved and ours and there and (why := why_kept(registry, there, ours)):
            yield Noted(clock.now(), "info", f"tag {tag} is kept at {there}: {why}")
            done.append(Tagged(tag, there, moved=False, kept=why))
            continue
        if moved:
            try:
                manifests.put(registry, tag, manifest)
            except CtrCiError as error:
                raise _half_tagged(registry, manifest, wish, done, tag, error) from error
            try:
                shown = manifests.digest_of(registry, tag)
            except RegistryError as error:
                # The registry has said that it is set: a push that cannot look again is none that failed.
                unseen = f"tag {tag} is set, but could not be read back: {error.problems[0].found}"
                yield Noted(clock.now(), "warning", unseen)
                shown = manifest.digest
            if shown != manifest.digest:
                raise WorldError(
                    Problem(
                        f"tag {tag} of {registry.repository} points at {shown or 'nothing'} after the push",
                        expected=str(manifest.digest),
                        help="somebody else moved it at the same time: decide who is right, and push again",
                    )
                )
            yield TagMoved(
                clock.now(),
                str(registry.repository),
                tag,
                str(manifest.digest),
                str(before[tag]) if before[tag] else None,
            )
        done.append(Tagged(tag, before[tag], moved))
    return tuple(done)


def _half_tagged(
    registry: Registry,
    manifest: Manifest | Index,
    wish: Wish,
    done: list[Tagged],
    tag: str,
    error: CtrCiError,
) -> CtrCiError:
    """The same complaint, saying what stands: the digest, the tags set, and those that are not. A
    registry whose answer does not arrive, or comes from a gateway, may have set the tag."""
    open_ = isinstance(error, RegistryError) and (error.status == 0 or error.status >= 500)
    left = [
        name for name in wish.tags if name not in {one.name for one in done} and (name != tag or not open_)
    ]
    stands = [f"set: {', '.join(one.name for one in done) or 'no tag'}"]
    stands += [f"not known: {tag}"] if open_ else []
    stands += [f"not set: {', '.join(left)}"] if left else []
    what = "got no answer" if open_ else "was refused"
    told = Problem(
        f"tag {tag} {what}; {registry.repository}@{manifest.digest} is there ({'; '.join(stands)})",
        help="push again: what is there is not sent again" if open_ else "",
    )
    kind = Refused if isinstance(error, Refused) else WorldError
    return kind(*error.problems, told)
