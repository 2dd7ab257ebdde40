"""What steps find at /var/run/docker.sock, and how the build learns what they did there.

Through the broker every image that is built, tagged or run is noted. With the engine itself (steps
that are trusted) only the names that the build asks for are looked at, before and after each step.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from ctr_ci.engine import Engine
from ctr_ci.events import Event, ImageBuilt, Noted
from ctr_ci.plan import Plan, Step
from ctr_ci.runner.ground import Ground, Near
from ctr_ci.runner.site import Site

SOCKET = "/var/run/docker.sock"
Emit = Callable[[Event], None]
Clock = Callable[[], float]


class StepDocker(Protocol):
    def socket(self, step: Step) -> str:
        """The host path of the step's socket, "" for none."""

    def settle(self, step: Step) -> None:
        """Returns when all that the step did is said. Its container has ended."""

    def built(self, image_id: str) -> bool:
        """Whether this build made the image."""

    def stale(self, image_id: str) -> bool:
        """Whether no step can have made the image or given it a name: it is from before."""

    def close(self) -> None:
        """Removes what steps made. Raises WorldError where some of it stays."""


def docker_of(site: Site, ground: Ground, emit: Emit, clock: Clock) -> StepDocker:
    """What the steps of a build find at /var/run/docker.sock, as its options say."""
    wanted = site.options.docker
    if wanted == "engine":
        return Trusted(site.engine, site.plan, emit, clock)
    if wanted == "none" or not isinstance(ground, Near):
        if wanted != "none":
            text = (
                "steps get no Docker: the engine cannot see our broker's sockets; mount a folder of its host "
                "for temporary files (TMPDIR, RUNNER_TEMP), or `--trust-steps`"
            )
            emit(Noted(clock(), "warning", text))
        return NoDocker()
    from ctr_ci.runner.brokered import brokered  # a fifth of our code: the engine makes lanes meanwhile

    return brokered(site, ground, emit, clock)


class NoDocker:
    def socket(self, step: Step) -> str:
        return ""

    def settle(self, step: Step) -> None:
        pass

    def built(self, image_id: str) -> bool:
        return False

    def stale(self, image_id: str) -> bool:
        return False

    def close(self) -> None:
        pass


class Trusted:
    """Steps have the engine's own socket. A name of the build's that points elsewhere after a step
    was built by it; of steps that run in parallel, the first to end is held to be the one."""

    def __init__(self, engine: Engine, plan: Plan, emit: Emit, clock: Clock) -> None:
        self._engine = engine
        self._emit = emit
        self._clock = clock
        self._lock = threading.Lock()
        names = dict.fromkeys((*plan.images, *(step.image for step in plan.steps)))
        self._known = {name: self._find(name) for name in names}
        self._built: set[str] = set()

    def socket(self, step: Step) -> str:
        return self._engine.socket or SOCKET  # where it is, on the engine's own machine

    def settle(self, step: Step) -> None:
        with self._lock:
            for name, before in self._known.items():
                now = self._find(name)
                if now and now != before:
                    self._known[name] = now
                    self._built.add(now)
                    self._emit(ImageBuilt(self._clock(), step.index, now, (name,)))

    def built(self, image_id: str) -> bool:
        return image_id in self._built

    def stale(self, image_id: str) -> bool:
        return False  # a build that was all cached changes nothing that we could see

    def close(self) -> None:
        pass

    def _find(self, name: str) -> str:
        image = self._engine.image(name)
        return image.id if image else ""
