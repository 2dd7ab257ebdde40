"""What must be removed, noted before it is made: nothing of a build outlives it.

A process that is killed cannot remove anything; so all that is made also carries labels with the
build and its owner, and whoever comes next (`clean`) finds it by them.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from ctr_ci.engine import BUILD_LABEL, OWNER_LABEL, Bind, ContainerSpec, Engine
from ctr_ci.problem import Problem, WorldError

Labels = tuple[tuple[str, str], ...]
REMOVERS = 4
SWEEPERS = 4  # images that are tried


class Ledger:
    """Makes and removes the containers, the network, the volumes and the folder of one build.

    Things are noted by the name they will have, before the engine is asked: a call that is cut off
    may have succeeded. Safe to use from several threads. `failed` hears of what could not be
    removed.
    """

    def __init__(
        self, engine: Engine, build_id: str, owner: str, folder: Path, failed: Callable[[Problem], None]
    ) -> None:
        self.labels: Labels = ((BUILD_LABEL, build_id), (OWNER_LABEL, owner))
        self._engine = engine
        self._prefix = f"ctr-ci-{build_id[:8]}-"
        self._folder = folder
        self._failed = failed
        self._lock = threading.Lock()
        self._images: dict[str, None] = {}  # that containers were made from, in order
        self._containers: set[str] = set()
        self._networks: set[str] = set()
        self._volumes: set[str] = set()
        self._closed = False
        self._kept = False
        self._going: list[Future[None]] = []
        self._leaving: dict[str, Future[None]] = {}  # containers that no network waits for any more
        self._removers = ThreadPoolExecutor(REMOVERS, thread_name_prefix="ctr-ci-remove")

    def name(self, noun: str) -> str:
        """The name of something of this build: unique on the engine, and telling to a reader."""
        return self._prefix + noun

    def container(self, spec: ContainerSpec) -> str:
        """Makes a container; `spec.name` must be set. Returns its ID."""
        assert spec.name is not None
        self._note(self._containers, spec.name)
        self._images.setdefault(spec.image)
        return self._engine.create(spec)

    def network(self, name: str) -> str:
        self._note(self._networks, name)
        return self._engine.create_network(name, self.labels)

    def volume(self, name: str) -> str:
        self._note(self._volumes, name)
        return self._engine.create_volume(name, self.labels)

    def discard(self, container: str) -> None:
        """Removes a container in the background, by its name."""
        with self._lock:
            if not self._closed:
                remove, held = self._engine.remove, self._containers
                self._going.append(self._removers.submit(self._remove, held, container, remove))

    def discard_from(self, network: str, container: str) -> None:
        """The same, of a container that only held a network up: it is taken off first, so that the
        network need not wait for the container's end."""
        with self._lock:
            if not self._closed:
                off = self._removers.submit(self._take_off, network, container)
                self._going.append(off)
                self._leaving[container] = self._removers.submit(self._remove_after, off, container)

    def keep(self, container: str) -> None:
        """Takes a container off the ledger, with the network, the volumes and the folder."""
        with self._lock:
            self._containers.discard(container)
            self._kept = True

    def close(self) -> None:
        """Removes all that is left, containers first. May be called twice."""
        with self._lock:
            self._closed, going = True, tuple(self._going)
        wait(going)  # a container half removed would keep its network
        rest = (
            (self._networks, self._engine.remove_network),
            (self._volumes, self._engine.remove_volume),
        )
        for held, remove in ((self._containers, self._engine.remove), *(() if self._kept else rest)):
            with self._lock:
                names = tuple(held - self._leaving.keys())
            for done in [self._removers.submit(self._remove, held, name, remove) for name in names]:
                done.result()
        self._removers.shutdown()  # once all that is leaving has gone
        if not self._kept:
            self._remove_folder()

    def _remove_folder(self) -> None:
        """Steps run as root; what they made, another user cannot remove, but a step can."""
        shutil.rmtree(self._folder, ignore_errors=True)
        for image in tuple(self._images)[:SWEEPERS]:
            if not self._folder.exists():
                return
            self._sweep(image)
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._folder.exists():
            help = f"sudo rm -r {self._folder}"
            self._failed(Problem(f"{self._folder} could not be removed", help=help, kind="warning"))

    def _sweep(self, image: str) -> None:
        """Empties the folder from within a container, if the image has a shell."""
        spec = ContainerSpec(
            image=image,
            labels=self.labels,
            name=self.name("sweep"),
            entrypoint=("/bin/sh", "-c", "rm -rf /ctr-ci-sweep/* /ctr-ci-sweep/.[!.]*"),
            command=(),
            workdir="/",
            user="0:0",
            binds=(Bind(str(self._folder), "/ctr-ci-sweep"),),
        )
        try:
            made = self._engine.create(spec)
            try:
                self._engine.start(made)
                self._engine.wait(made)
            finally:
                self._engine.remove(made)
        except WorldError:
            return  # the folder is still there, which is told

    def _note(self, held: set[str], name: str) -> None:
        with self._lock:
            if self._closed:
                raise WorldError(Problem("the build is ending"))
            held.add(name)

    def _take_off(self, network: str, container: str) -> None:
        try:
            self._engine.disconnect(network, container)
        except WorldError:  # then the network must wait after all
            self._remove(self._containers, container, self._engine.remove)

    def _remove_after(self, off: Future[None], container: str) -> None:
        wait((off,))
        self._remove(self._containers, container, self._engine.remove)

    def _remove(self, held: set[str], name: str, remove: Callable[[str], None]) -> None:
        with self._lock:
            if name not in held:
                return
        try:
            remove(name)
        except WorldError as error:
            found = error.problems[0].found
            self._failed(
                Problem(
                    f"{name} could not be removed: {found}",
                    help="`ctr-ci clean` removes it, as does the next `ctr-ci run`",
                    kind="warning",
                )
            )
            return
        with self._lock:
            held.discard(name)
