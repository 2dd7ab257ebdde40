"""Lanes: containers that hold a network up while steps come and go.

Most of a container's start is its network. So a lane's holder has one, and the steps of that lane,
which run one after the other, join it; steps that run at the same time are in different lanes and
have a localhost each. When a step ends, all its processes do, so nothing of it listens on. A lane
that no step will enter any more goes at once: the others still run, and the end of the build waits
for less.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor

from ctr_ci.engine import ContainerSpec, Engine, Image
from ctr_ci.problem import CtrCiError
from ctr_ci.runner.ground import HOLDER, Ground
from ctr_ci.runner.holder import program
from ctr_ci.runner.ledger import Ledger
from ctr_ci.runner.metadata import Metadata

AT_ONCE = 4  # holders that are started together


class Lanes:
    """Gives a step the network it is to run in: `container:HOLDER`, or the network itself where a
    holder cannot be had (an architecture we have no program for, a folder that allows no
    execution). `shared` False: every step gets a network of its own; with one step a lane, a holder
    would be a container more for nothing. `steps`: how many will enter."""

    def __init__(
        self,
        engine: Engine,
        ledger: Ledger,
        network: Future[str],
        ground: Future[Ground],
        metadata: Metadata,
        *,
        shared: bool,
        steps: int,
    ) -> None:
        self._metadata = metadata
        self._shared = shared
        self._engine = engine
        self._ledger = ledger
        self._network = network
        self._ground = ground
        self._lock = threading.Lock()
        self._free: list[Future[str]] = []
        self._names: dict[Future[str], str] = {}  # of the holders
        self._coming = steps
        self._starters = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="ctr-ci-lane")

    def prepare(self, count: int, image: Image) -> None:
        """Starts up to `count` holders in the background, from any image that is here."""
        with self._lock:
            while self._shared and len(self._names) < count:
                self._free.append(self._start(image))

    def enter(self, image: Image) -> Future[str]:
        """A free lane, or a new one; its result is the `network` of a container."""
        if not self._shared:
            return self._network
        with self._lock:
            self._coming -= 1
            for at, lane in enumerate(self._free):
                if lane.done():
                    return self._free.pop(at)
            return self._free.pop(0) if self._free else self._start(image)

    def leave(self, lane: Future[str]) -> None:
        if self._shared:
            with self._lock:
                self._free.insert(0, lane)
                spare = self._free.pop(0) if len(self._free) > self._coming else None
            if spare is not None and self._network.exception() is None:
                self._ledger.discard_from(self._network.result(), self._names[spare])

    def close(self) -> None:
        self._starters.shutdown(cancel_futures=True)

    def _start(self, image: Image) -> Future[str]:
        name = self._ledger.name(f"lane-{len(self._names)}")
        lane = self._starters.submit(self._hold, name, image)
        self._names[lane] = name
        return lane

    def _hold(self, name: str, image: Image) -> str:
        network = self._network.result()
        code = program(image.architecture)
        if code is None:
            return network
        ground = self._ground.result()
        spec = ContainerSpec(
            image=image.id,
            labels=self._ledger.labels,
            name=name,
            entrypoint=(HOLDER,),
            command=(),
            workdir="/",
            user="0:0",
            binds=ground.holder_binds(code),
            network=network,
            hosts=self._metadata.hosts,
            pids_limit=16,
            healthcheck=False,
        )
        try:
            holder = self._ledger.container(spec)
            ground.deliver_holder(code, holder)
            self._engine.start(holder)
            if self._metadata.hosts:
                self._metadata.join(self._engine.pid(holder), holder)
        except CtrCiError:
            self._ledger.discard(name)
            return network
        return f"container:{holder}"
