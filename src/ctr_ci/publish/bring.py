"""A release's blobs and manifest into a repository, from what the registry has, what earlier pushes
remember, and the export of the rest. No tag is touched here."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from queue import Empty, SimpleQueue
from threading import Thread

from ctr_ci.events import BlobPushed, Event, PushProgress
from ctr_ci.oci import (
    LARGEST,
    Descriptor,
    Digest,
    Index,
    Manifest,
    Object,
    image_manifest,
    media,
    parse_manifest,
)
from ctr_ci.problem import InputError, Problem, Refused, WorldError
from ctr_ci.publish.memory import Memory
from ctr_ci.publish.pack import bytes_of
from ctr_ci.publish.receipt import Shipped
from ctr_ci.publish.release import Release
from ctr_ci.publish.ship import HEARTBEAT_S, Exported, Misplaced, Shipment
from ctr_ci.publish.wish import Content, Wish
from ctr_ci.registry import Registry, RegistryError, blobs, manifests

# Names of build arguments that tell a secret: by a whole word between underscores.
TELLING = "TOKEN|PASSWORD|PASSWD|SECRET|PASSPHRASE|CREDENTIALS?|APIKEY|(?:API|PRIVATE|ACCESS)_KEY"
SECRETIVE = rf"(?:^|_)(?:{TELLING})(?:_|$)"


class Absent(WorldError):
    """A blob that a manifest lists did not come, at least not as it is listed."""


def bring(
    release: Release,
    wish: Wish,
    registry: Registry,
    content: Content,
    memory: Memory,
    known: Manifest | None,
    shipped: list[Shipped],
) -> Generator[Event, None, Manifest | Index]:
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
) -> Generator[Event, None, Manifest | Index]:
    """All blobs there; the manifest made, not yet sent. The work runs beside, so that whoever reads
    the events sees them as they happen and can call it off."""
    clock = registry.clock
    told: SimpleQueue[Shipped | Manifest | Index | BaseException] = SimpleQueue()
    shipment = Shipment(registry, memory, wish.packing, told.put)

    def work() -> None:
        try:
            told.put(_made(release, wish, registry, shipment, content, memory, known))
        except BaseException as error:  # noqa: BLE001  raised again by the thread that reads
            told.put(error)

    Thread(target=work, name="ctr-ci export", daemon=True).start()
    try:
        while True:
            try:
                news = told.get(timeout=HEARTBEAT_S)
            except Empty:
                yield PushProgress(clock.now(), shipment.read_bytes, shipment.moving())
                continue
            if isinstance(news, BaseException):
                raise news
            if isinstance(news, Manifest | Index):
                return news
            shipped.append(news)
            yield BlobPushed(clock.now(), str(news.digest), news.size, news.how)
    finally:
        shipment.stop()


def _made(
    release: Release,
    wish: Wish,
    registry: Registry,
    shipment: Shipment,
    content: Content,
    memory: Memory,
    known: Manifest | None,
) -> Manifest | Index:
    if (
        known
        and shipment.settle(known.config)
        and is_whole(registry, known)
        and shipment.look(blobs_of := {blob.digest: blob for blob in known.blobs})() == blobs_of
    ):
        return known
    layers = content.layers(release.image_id)
    shipment.knock()
    remembered = {diff_id: memory.packed(diff_id, wish.packing.key) for diff_id in layers}
    there = shipment.look({diff_id: blob for diff_id, blob in remembered.items() if blob})

    def export(there: Callable[[], dict[Digest, Descriptor]]) -> Exported:
        archive = content.export(release.image_id)
        return shipment.export(archive, str(release.image_id), layers, there)

    try:
        exported = export(there)
    except Misplaced:
        exported = export(dict)
    config = Digest.of(exported.config)
    root = Digest.of(exported.roots[0]) if exported.roots else None
    if release.image_id not in (config, root):
        raise WorldError(
            Problem(
                f"the export holds another image, {root or config}",
                expected=f"the tested one, {release.image_id}",
                help="nothing was published; `ctr-ci run` again",
            )
        )
    _check_history(exported.config, wish)
    if exported.roots and (exported.packed or release.image_id == root):
        try:
            return _laid_out(release, wish, shipment, exported)
        except Absent:
            # containerd's store keeps layers unpacked that were loaded so, and its manifests say so.
            shipment.as_they_are()
            return _laid_out(release, wish, shipment, export(dict))
    oci = wish.is_oci
    head = Descriptor(media.OCI_CONFIG if oci else media.DOCKER_CONFIG, config, len(exported.config))
    shipment.send(head, bytes_of(exported.config))
    kind = wish.packing.oci_type if oci else wish.packing.docker_type
    packed = tuple(Descriptor(kind, layer.digest, layer.size) for layer in exported.layers)
    return image_manifest(head, packed, wish.annotations)


def is_whole(registry: Registry, known: Manifest) -> bool:
    """Whether a remembered manifest has as many layers as its config, which the registry has, says."""
    if known.config.size > LARGEST:
        return False
    config = Object.parse(blobs.read(registry, known.config.digest, known.config.size), "the image's config")
    return len(config.child("rootfs").texts("diff_ids")) == len(known.layers)


def _check_history(config: bytes, wish: Wish) -> None:
    """An image's history keeps the values of build arguments for everybody who may pull it."""
    for entry in Object.parse(config, "the image's config").children("history"):
        command = entry.text("created_by", "").removeprefix("RUN ")
        arguments = command.partition(" /bin/")[0] if command.startswith("|") else ""
        for name in re.findall(r" ([A-Za-z][A-Za-z0-9_]*)=\S", arguments):
            if re.search(SECRETIVE, name.upper()) and name not in wish.harmless:
                raise Refused(
                    Problem(
                        f"the image's history keeps the value of build argument {name} for everybody to read",
                        help="pass it as a build secret (`--secret`), not as an ARG; if it is none: "
                        f"`--harmless-arg {name}`",
                    )
                )


def _laid_out(release: Release, wish: Wish, shipment: Shipment, exported: Exported) -> Manifest | Index:
    """An OCI layout goes as it is: the tested digest covers these very bytes. An index needs all
    that it lists; without that, and where the tested ID is the image's own, its manifest goes."""
    if wish.annotations:
        raise InputError(
            Problem("--annotation for an image whose manifest exists already", help="leave it out")
        )
    shipped = {blob.digest for blob in exported.layers}
    documents = {Digest.of(raw): raw for raw in exported.documents}
    whole = release.image_id == Digest.of(exported.roots[0])
    return _lay(exported.roots[0 if whole else -1], shipment, shipped, documents)


def _lay(
    raw: bytes, shipment: Shipment, shipped: set[Digest], documents: dict[Digest, bytes]
) -> Manifest | Index:
    found = parse_manifest(raw)
    if isinstance(found, Index):
        for entry in found.manifests:
            if entry.digest not in documents:
                raise WorldError(
                    Problem(
                        f"the tested index lists {entry.digest} ({entry.platform}), which is not there",
                        help="build and test for one platform, or pull what is missing",
                    )
                )
            child = _lay(documents[entry.digest], shipment, shipped, documents)
            shipment.manifest(child)
        return found
    for blob in found.blobs:
        if blob.digest in documents:
            shipment.send(blob, bytes_of(documents[blob.digest]))
        elif blob.digest not in shipped:
            raise Absent(Problem(f"the export lacks {blob.digest}", expected="all that its manifest lists"))
    return found
