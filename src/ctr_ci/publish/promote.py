"""From one repository to another by digest, without an engine: what was tested there arrives here,
bit for bit, with its evidence, and the tags come last."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from queue import Empty, SimpleQueue
from threading import Semaphore, Thread

from ctr_ci.events import BlobPushed, Event, PushProgress
from ctr_ci.oci import Descriptor, Digest, Index, Manifest
from ctr_ci.problem import InputError, Problem, WorldError
from ctr_ci.publish.pack import Spool
from ctr_ci.publish.push import check_kept, finish, standing
from ctr_ci.publish.receipt import Receipt, Shipped
from ctr_ci.publish.release import Release
from ctr_ci.publish.ship import HEARTBEAT_S, Moving
from ctr_ci.publish.wish import Wish
from ctr_ci.registry import Registry, blobs, manifests, referrers

WORKERS = 4
Found = Manifest | Index


def _fetch(source: Registry, selector: str) -> Found:
    """What a tag or digest points at. Raises InputError where it points at nothing."""
    found = manifests.get(source, selector)
    if found is None:
        raise InputError(Problem(f"no image {source.repository} with {selector}", help="is the tag right?"))
    return found


def promote(
    release: Release, wish: Wish, source: Registry, target: Registry, digest: Digest
) -> Generator[Event, None, Receipt]:
    """Copies what has `digest`, and what refers to it or to its parts, reads it back, and sets the tags.

    Raises Refused where a tag may not move, WorldError where a registry fails; no tag has been
    touched then.
    """
    started = target.clock.monotonic()
    found = _fetch(source, str(digest))
    before = standing(target, wish)
    check_kept(release, wish, target, before, found)
    shipped: list[Shipped] = []
    for each in _with_children(source, found):
        for news in _blobs(each, source, target):
            if isinstance(news, PushProgress):
                yield news
                continue
            shipped.append(news)
            yield BlobPushed(target.clock.now(), str(news.digest), news.size, news.how)
        if manifests.digest_of(target, str(each.digest)) != each.digest:
            manifests.put(target, str(each.digest), each)
        for entry in referrers.referrers(source, each.digest):
            document = manifests.get(source, str(entry.digest))
            if isinstance(document, Manifest) and document.subject and document.subject.digest == each.digest:
                for _ in _blobs(document, source, target):
                    pass
                referrers.attach(target, document)
    return (yield from finish(release, wish, target, found, tuple(shipped), started, before))


def _with_children(source: Registry, found: Found) -> Iterator[Found]:
    """The manifests of an index first, then itself; indexes may nest."""
    for entry in found.manifests if isinstance(found, Index) else ():
        yield from _with_children(source, _fetch(source, str(entry.digest)))
    yield found


def _blobs(found: Found, source: Registry, target: Registry) -> Iterator[Shipped | PushProgress]:
    """Brings the blobs of a manifest over, some at a time; each as it arrives, and how far they are."""
    wanted = found.blobs if isinstance(found, Manifest) else ()
    told: SimpleQueue[Shipped | BaseException] = SimpleQueue()
    slots = Semaphore(WORKERS)
    carried: dict[Descriptor, Spool] = {}

    def work(blob: Descriptor) -> None:
        try:
            with slots:
                told.put(Shipped(blob.digest, blob.size, _bring(blob, source, target, carried)))
        except BaseException as error:  # noqa: BLE001  raised again by the thread that reads
            told.put(error)

    for blob in wanted:
        Thread(target=work, args=(blob,), name="ctr-ci copy", daemon=True).start()
    left = len(wanted)
    while left:
        try:
            news = told.get(timeout=HEARTBEAT_S)
        except Empty:
            yield PushProgress(
                target.clock.now(), 0, tuple(_moving(*each) for each in carried.copy().items())
            )
            continue
        left -= 1
        if isinstance(news, BaseException):
            raise news
        yield news


def _moving(blob: Descriptor, spool: Spool) -> Moving:
    if spool.size < blob.size:
        return blob.digest.hex, "fetching", spool.size, blob.size
    return blob.digest.hex, "sending", spool.sent, blob.size


def _bring(blob: Descriptor, source: Registry, target: Registry, carried: dict[Descriptor, Spool]) -> str:
    if blobs.has(target, blob.digest):
        return "existing"
    if source.repository.host == target.repository.host:
        name = source.repository.name
        if name in target.mounts and blobs.mount(target, blob.digest, name) is None:
            return "mounted"
    blobs.patiently(source, lambda: _carry(blob, source, target, carried))
    return "uploaded"


def _carry(blob: Descriptor, source: Registry, target: Registry, carried: dict[Descriptor, Spool]) -> None:
    spool = carried[blob] = Spool()
    try:
        for piece in blobs.fetch(source, blob.digest, blob.size):
            spool.write(piece)
        if spool.digest != blob.digest:
            found = f"{source.repository.host} sent other bytes, {spool.digest}"
            raise WorldError(Problem(found, expected=str(blob.digest)))
        blobs.put(target, blob.digest, spool.upload())
    finally:
        carried.pop(blob, None)
        spool.close()
