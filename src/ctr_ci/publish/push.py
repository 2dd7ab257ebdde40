"""A release to a repository: blobs, manifest by digest, read back, attested, and the tags last.

So no tag ever points at something half published. Yields events as things happen and returns the
receipt. Knows neither records nor where credentials come from.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Protocol

from ctr_ci.events import BlobPushed, Event, ManifestPushed, Noted, TagMoved
from ctr_ci.oci import Descriptor, Digest, Manifest, Pairs, image_manifest, media
from ctr_ci.problem import CtrCiError, Problem, Refused, WorldError
from ctr_ci.publish.attest import Document, artifact
from ctr_ci.publish.memory import Memory
from ctr_ci.publish.pack import PACKING
from ctr_ci.publish.receipt import Receipt, Shipped, Tagged
from ctr_ci.publish.release import Release
from ctr_ci.publish.ship import Exported, Misplaced, Shipment
from ctr_ci.registry import Registry, RegistryError, Upload, blobs, manifests, referrers

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
    move once they exist; annotations of the manifest (which make it an OCI one); `attest` gives the
    documents to attach to the manifest of that digest."""

    tags: tuple[str, ...]
    keep: frozenset[str] = frozenset()
    annotations: Pairs = ()
    attest: Attest = lambda _: ()

    @property
    def form(self) -> str:
        """All that the manifest's bytes depend on beside the image."""
        return f"{'oci' if self.annotations else 'docker'} {PACKING} {self.annotations!r}"


def push(
    release: Release, wish: Wish, registry: Registry, content: Content, memory: Memory
) -> Generator[Event, None, Receipt]:
    """Pushes. Raises Refused where a tag may not move, WorldError where registry or engine fail;
    no tag has been touched then, but for those that the message names."""
    clock = registry.clock
    started = clock.monotonic()
    before = {tag: manifests.digest_of(registry, tag) for tag in wish.tags}
    known = memory.manifest(release.image_id, wish.form)
    _check_kept(release, wish, registry, before, known)
    shipped: list[Shipped] = []
    if known and manifests.digest_of(registry, str(known.digest)) == known.digest:
        manifest = known
        for blob in known.blobs:
            shipped.append(Shipped(blob.digest, blob.size, "existing"))
            yield BlobPushed(clock.now(), str(blob.digest), blob.size, "existing")
    else:
        manifest = yield from _bring(release, wish, registry, content, memory, known, shipped)
        _check_kept(release, wish, registry, before, manifest)
    if manifests.digest_of(registry, str(manifest.digest)) != manifest.digest:
        raise WorldError(
            Problem(
                f"{registry.repository} does not show the manifest that it took",
                expected=str(manifest.digest),
            )
        )
    memory.keep_manifest(release.image_id, wish.form, manifest)
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
        tuple(shipped),
        tagged,
        clock.monotonic() - started,
        attested,
    )


def _attach(registry: Registry, manifest: Manifest, document: Document) -> Digest:
    """The document as a referrer of the manifest; one that is there already is left alone."""
    subject = Descriptor(manifest.media_type, manifest.digest, len(manifest.raw))
    made, config = artifact(document, subject)
    for content in (config, document.content):
        digest = Digest.of(content)
        if not blobs.has(registry, digest):
            blobs.put(registry, digest, Upload(len(content), lambda content=content: iter((content,))))  # type: ignore[misc]
    referrers.attach(registry, made)
    return made.digest


def _check_kept(
    release: Release,
    wish: Wish,
    registry: Registry,
    before: dict[str, Digest | None],
    manifest: Manifest | None,
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


def _bring(
    release: Release,
    wish: Wish,
    registry: Registry,
    content: Content,
    memory: Memory,
    known: Manifest | None,
    shipped: list[Shipped],
) -> Generator[Event, None, Manifest]:
    """Blobs and manifest into the repository. Blobs that the registry lost between our look and the
    manifest are brought once more, believing no earlier answer."""
    for believe in (True, False):
        shipped.clear()
        manifest = yield from _ship(
            release, wish, registry, content, memory if believe else Memory(None), known, shipped
        )
        try:
            manifests.put(registry, str(manifest.digest), manifest)
        except RegistryError as error:
            if error.code != "MANIFEST_BLOB_UNKNOWN" or not believe:
                raise
            known = None
        else:
            break
    return manifest


def _ship(
    release: Release,
    wish: Wish,
    registry: Registry,
    content: Content,
    memory: Memory,
    known: Manifest | None,
    shipped: list[Shipped],
) -> Generator[Event, None, Manifest]:
    """All blobs there; the manifest made, not yet sent. The work runs beside, so that whoever reads
    the events sees them as they happen and can call it off."""
    clock = registry.clock
    told: SimpleQueue[Shipped | Manifest | BaseException] = SimpleQueue()
    shipment = Shipment(registry, memory, told.put)

    def work() -> None:
        try:
            told.put(_made(release, wish, shipment, content, memory, known))
        except BaseException as error:  # noqa: BLE001  raised again by the thread that reads
            told.put(error)

    Thread(target=work, name="ctr-ci export", daemon=True).start()
    try:
        while True:
            news = told.get()
            if isinstance(news, BaseException):
                raise news
            if isinstance(news, Manifest):
                return news
            shipped.append(news)
            yield BlobPushed(clock.now(), str(news.digest), news.size, news.how)
    finally:
        shipment.stop()


def _made(
    release: Release,
    wish: Wish,
    shipment: Shipment,
    content: Content,
    memory: Memory,
    known: Manifest | None,
) -> Manifest:
    if known and all(shipment.settle(blob) for blob in known.blobs):
        return known
    layers = content.layers(release.image_id)
    have: dict[Digest, Descriptor] = {}
    for diff_id in dict.fromkeys(layers):
        blob = memory.packed(diff_id, PACKING)
        if blob and shipment.settle(blob):
            have[diff_id] = blob
    export: Callable[[dict[Digest, Descriptor]], Exported] = lambda have: shipment.export(  # noqa: E731
        content.export(release.image_id), str(release.image_id), layers, have
    )
    try:
        exported = export(have)
    except Misplaced:
        exported = export({})
    config = Digest.of(exported.config)
    if config != release.image_id:
        raise WorldError(
            Problem(
                f"the export holds another image, {config}",
                expected=f"the tested one, {release.image_id}",
                help="nothing was published; `ctr-ci run` again",
            )
        )
    oci = bool(wish.annotations)
    head = Descriptor(media.OCI_CONFIG if oci else media.DOCKER_CONFIG, config, len(exported.config))
    shipment.send(head, Upload(head.size, lambda: iter((exported.config,))))
    kind = media.OCI_LAYER_GZIP if oci else media.DOCKER_LAYER_GZIP
    packed = tuple(Descriptor(kind, layer.digest, layer.size) for layer in exported.layers)
    return image_manifest(head, packed, wish.annotations)


def _tag(
    wish: Wish, registry: Registry, manifest: Manifest, before: dict[str, Digest | None]
) -> Generator[Event, None, tuple[Tagged, ...]]:
    clock = registry.clock
    done: list[Tagged] = []
    for tag in wish.tags:
        moved = before[tag] != manifest.digest
        if moved:
            try:
                manifests.put(registry, tag, manifest)
            except CtrCiError as error:
                raise _half_tagged(registry, manifest, wish, done, tag, error) from error
            shown = manifests.digest_of(registry, tag)
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
    manifest: Manifest,
    wish: Wish,
    done: list[Tagged],
    tag: str,
    error: CtrCiError,
) -> CtrCiError:
    """The same complaint, saying what stands: the digest, the tags set, and those that are not."""
    left = [name for name in wish.tags if name not in {one.name for one in done}]
    stands = f"set: {', '.join(one.name for one in done) or 'no tag'}; not set: {', '.join(left)}"
    told = Problem(f"tag {tag} was refused; {registry.repository}@{manifest.digest} is there ({stands})")
    kind = Refused if isinstance(error, Refused) else WorldError
    return kind(*error.problems, told)
