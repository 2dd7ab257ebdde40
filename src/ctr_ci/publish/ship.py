"""From an engine's export to blobs in a registry: read, pack and upload at the same time.

One thread reads the export and hashes; each layer has a worker that packs as it arrives and uploads
once its content has proven to be a layer of the tested image. Memory: some blocks a worker.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from queue import Empty, Full, Queue
from threading import Event as Flag
from threading import Lock, Semaphore, Thread
from typing import TYPE_CHECKING

from ctr_ci.oci import Descriptor, Digest, Index, Manifest
from ctr_ci.problem import Problem, WorldError
from ctr_ci.publish.memory import Memory
from ctr_ci.publish.pack import COMPRESSED, PLAIN, Packing, Spool, blocks, take
from ctr_ci.publish.receipt import Shipped
from ctr_ci.registry import How, Registry, Upload, manifests
from ctr_ci.registry import blobs as registry_blobs

if TYPE_CHECKING:
    from ctr_ci import image

HEARTBEAT_S = 0.2  # between two looks at how far a push is
Moving = tuple[str, str, int, int]  # of a PushProgress
WORKERS = 4
FAREWELL_S = 3.0
# Engines keep a layer at another place once it is not the topmost; a large one is known by its size.
# Where that errs, the archive's own list tells at its end, and the export is read again. Such a layer
# is not even hashed: its blob was made from its content when it was packed.
TELLING_SIZE = 1 << 20
AHEAD = 8  # blocks that a worker may be behind the reader


class Stopped(Exception):
    """The push was called off: what a worker sees instead of its next piece."""


class Misplaced(Exception):
    """A layer that was skipped is another one than remembered: read again, believing nothing."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export turned out to be: the config's bytes and, in its order, the layers' blobs.
    `packed`: they were compressed already, and are sent as they were. `roots`: manifests of an OCI
    layout, outermost first; `documents`: its JSON blobs."""

    config: bytes
    layers: tuple[Descriptor, ...]
    packed: bool
    roots: tuple[bytes, ...]
    documents: tuple[bytes, ...]


class Shipment:
    """The blobs of one image on their way to one repository.

    `tell` gets each blob that has arrived, from any thread. After an error or `stop` the workers
    end by themselves: none of them is waited for.
    """

    def __init__(
        self, registry: Registry, memory: Memory, packing: Packing, tell: Callable[[Shipped], None]
    ) -> None:
        self._packing = packing
        self._registry = registry
        self._memory = memory
        self._tell = tell
        self._lock = Lock()
        self._arrived: dict[Digest, How] = {}
        self._opened: dict[Digest, str] = {}  # uploads that a registry offers instead of a mount
        self._stop = Flag()
        self._workers: list[_Worker] = []
        self._failure: BaseException | None = None
        self.read_bytes = 0

    def stop(self) -> None:
        """Calls the push off, and gives workers a moment to cancel what they have begun."""
        self._stop.set()
        deadline = self._registry.clock.monotonic() + FAREWELL_S
        for worker in self._workers:
            worker.join(max(0.0, deadline - self._registry.clock.monotonic()))

    def fail(self, error: BaseException) -> None:
        """One blob cannot arrive, so the push cannot: all the rest is called off at once."""
        with self._lock:
            self._failure = self._failure or error
        self._stop.set()

    def moving(self) -> tuple[Moving, ...]:
        """How far the layers under way are."""
        return tuple(state for worker in tuple(self._workers) if (state := worker.moving()))

    def as_they_are(self) -> None:
        """From now on layers are not packed: a manifest lists them so."""
        self._packing = PLAIN

    def check(self) -> None:
        """Raises Stopped once the push was called off."""
        if self._stop.is_set():
            raise Stopped

    def settle(self, blob: Descriptor) -> bool:
        """Is the blob there, or can it be mounted? Then it has arrived."""
        with self._lock:
            if blob.digest in self._arrived:
                return True
        if registry_blobs.has(self._registry, blob.digest):
            self._arrive(blob, How.EXISTING)
            return True
        for source in self._registry.mounts:
            opened = registry_blobs.mount(self._registry, blob.digest, source)
            if opened is None:
                self._arrive(blob, How.MOUNTED)
                return True
            self._opened[blob.digest] = opened or self._opened.get(blob.digest, "")
        return False

    def look(self, wanted: dict[Digest, Descriptor]) -> Callable[[], dict[Digest, Descriptor]]:
        """Begins to settle the blobs of `wanted`, several at a time. What it gives waits for the
        answers and tells which have arrived."""
        left, found = list(wanted.items()), dict[Digest, Descriptor]()

        def ask() -> None:
            try:
                while left:
                    self.check()
                    name, blob = left.pop()
                    if self.settle(blob):
                        found[name] = blob
            except IndexError:
                return  # another thread took the last one
            except BaseException as error:  # noqa: BLE001  raised again by the thread that waits
                self.fail(error)

        threads = [Thread(target=ask, name="ctr-ci look", daemon=True) for _ in [*wanted][:WORKERS]]
        for thread in threads:
            thread.start()

        def answers() -> dict[Digest, Descriptor]:
            for thread in threads:
                thread.join()
            if self._failure:
                raise self._failure
            return {name: wanted[name] for name in wanted if name in found}

        return answers

    def send(self, blob: Descriptor, upload: Upload) -> None:
        """Brings a blob there, whichever way is the shortest."""
        if not self.settle(blob):
            registry_blobs.put(self._registry, blob.digest, upload, self._opened.pop(blob.digest, ""))
            self._arrive(blob, How.UPLOADED)

    def knock(self) -> None:
        """Raises where we may not push, before the engine is made to export an image in vain."""
        registry_blobs.probe(self._registry)

    def manifest(self, manifest: Manifest | Index) -> None:
        """Stores the manifest of one platform, by its digest."""
        manifests.put(self._registry, str(manifest.digest), manifest)

    def export(
        self,
        chunks: Iterable[bytes],
        wanted: str,
        expected: tuple[Digest, ...],
        there: Callable[[], dict[Digest, Descriptor]],
    ) -> Exported:
        """Ships every layer of an export. `expected` are the tested image's layers by content;
        `there` tells, once the engine has something to read, which of their blobs have arrived
        already: they are passed over. Raises WorldError where a layer is none of `expected`,
        before a byte of it leaves."""
        from ctr_ci import image  # a push of an unchanged image does without

        slots = Semaphore(WORKERS)
        have: dict[Digest, Descriptor] = {}
        sizes: set[int | None] = set()

        def each(file: image.File, passing: image.Passing) -> _Worker | None:
            self.check()
            known = self._memory.place(file.name)
            if known in have or (file.size >= TELLING_SIZE and file.size in sizes):
                passing.forgo()
                return None
            slots.acquire()
            worker = _Worker(self, file, Spool(), self._packing, slots.release)
            self._workers.append(worker)
            try:
                for block in blocks(passing):
                    worker.put(block)
                diff_id = passing.digest()
                if diff_id not in expected and not passing.head.startswith(COMPRESSED):
                    raise _stranger(file.name, diff_id)
            except BaseException:
                worker.abandon()
                raise
            worker.finish(passing.digest())
            return worker

        try:
            stream = self._watched(chunks)
            first = next(stream, b"")
            have |= there()
            sizes |= {self._memory.size(diff_id) for diff_id in have}
            read = image.read(chain((first,), stream), each, wanted)
            layers = []
            for layer in read.layers:
                if layer.value is not None:
                    blob = layer.value.result()
                    if not layer.compressed:
                        self._memory.keep_packed(layer.diff_id, self._packing.key, blob)
                        self._memory.keep_place(layer.value.place, layer.diff_id)
                        self._memory.keep_size(layer.diff_id, layer.size)
                elif layer.diff_id in have:
                    blob = have[layer.diff_id]
                else:
                    raise Misplaced(f"layer {layer.diff_id} lies at another place than remembered")
                layers.append(blob)
        except Misplaced:
            raise
        except BaseException as error:
            self._stop.set()
            if isinstance(error, Stopped) and self._failure:
                raise self._failure from error
            raise
        packed = any(layer.compressed for layer in read.layers)
        return Exported(read.config, tuple(layers), packed, read.roots, read.documents)

    def _watched(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.check()
            self.read_bytes += len(chunk)
            yield chunk

    def _arrive(self, blob: Descriptor, how: How) -> None:
        with self._lock:
            if blob.digest in self._arrived:
                return
            self._arrived[blob.digest] = how
        self._tell(Shipped(blob.digest, blob.size, how.value))


class _Worker:
    """Packs one layer while it arrives, then uploads it. Its thread dies with the process."""

    def __init__(
        self, shipment: Shipment, file: image.File, spool: Spool, packing: Packing, freed: Callable[[], None]
    ) -> None:
        self.place = file.name
        self._size = file.size
        self._taken = 0
        self.spool = spool
        self._shipment = shipment
        self._packing = packing
        self._queue: Queue[bytes | Digest | None] = Queue(AHEAD)
        self._freed = freed
        self._error: BaseException | None = None
        self._made: Descriptor | None = None
        self._blob: Descriptor | None = None
        self._done = Flag()
        self._thread = Thread(target=self._run, name="ctr-ci layer", daemon=True)
        self._thread.start()

    def put(self, block: bytes | Digest | None) -> None:
        """Hands a block on; raises what has gone wrong in the worker meanwhile."""
        while True:
            if self._error:
                raise self._error
            try:
                self._queue.put(block, timeout=0.5)
            except Full:
                continue
            return

    def finish(self, diff_id: Digest) -> None:
        self.put(diff_id)

    def abandon(self) -> None:
        self._error = self._error or Stopped()

    def moving(self) -> Moving | None:
        """How far its layer is, None once that is over."""
        if self._done.is_set():
            return None
        if self._blob:
            return self._blob.digest.hex, "sending", self.spool.sent, self._blob.size
        words = re.findall(r"[0-9a-f]{64}", self.place)
        return (words[0] if words else self.place), "packing", self._taken, self._size

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)

    def result(self) -> Descriptor:
        """The blob, once it has arrived. Raises what kept it from arriving."""
        while not self._done.wait(0.5):
            self._shipment.check()
        if self._error:
            raise self._error
        assert self._made is not None
        return self._made

    def _run(self) -> None:
        try:
            take(self._blocks(), self.spool, self._packing)
            blob = self._blob = Descriptor(self._packing.oci_type, self.spool.digest, self.spool.size)
            self._shipment.send(blob, self.spool.upload(self._shipment.check))
            self._made = blob
        except BaseException as error:  # noqa: BLE001  told by `result` in the thread that waits
            self._error = self._error or error
            if not isinstance(error, Stopped):
                self._shipment.fail(error)
        finally:
            self.spool.close()
            self._done.set()
            self._freed()

    def _blocks(self) -> Iterator[bytes]:
        """The layer's blocks; ends when the reader has vouched for the layer."""
        while True:
            self._shipment.check()
            if self._error:
                raise self._error
            try:
                block = self._queue.get(timeout=0.5)
            except Empty:
                continue
            if not isinstance(block, bytes):
                return
            self._taken += len(block)
            yield block


def _stranger(name: str, diff_id: Digest) -> WorldError:
    return WorldError(
        Problem(
            f"the export holds {name} with the content {diff_id}",
            expected="only the layers of the tested image",
            help="nothing was pushed; `ctr-ci run` again",
        )
    )
