"""A socket of ours for each step, in place of the engine's: it passes on what a build needs, and tells
what was built, tagged and run."""

from __future__ import annotations

from collections.abc import Callable

from ctr_ci import broker as brokers
from ctr_ci.events import ImageBuilt, ImageRan, ImageTagged, Noted, PushHeld, StepAllowed
from ctr_ci.plan import Step
from ctr_ci.runner.ground import HOME, Near
from ctr_ci.runner.site import Site
from ctr_ci.runner.step_docker import Clock, Emit


def brokered(site: Site, ground: Near, emit: Emit, clock: Clock) -> Brokered:
    """The broker of a build, and what it may let through."""
    plan, build, options, engine = site.plan, site.build, site.options, site.engine
    mounts = dict.fromkeys(mount for step in plan.steps for mount in step.mounts)
    scope = brokers.Scope(
        build_id=build.id,
        owner=build.owner,
        workspace=build.workspace,
        volumes=(
            (HOME, str(ground.home)),
            *((mount.path, ground.volumes[mount.name]) for mount in mounts),
        ),
        network=options.network or site.ledger.name("net"),
        push=options.push,
        memory_bytes=options.memory_bytes,
        grants=options.grants,
        told=plan.images + tuple(word for step in plan.steps for word in step.words),
        project=dict(plan.substitutions).get("PROJECT_ID", ""),
        theirs=engine.theirs,
    )
    for step, rule in options.grants:
        emit(StepAllowed(clock(), step, rule))
    sockets = build.folder / "s"  # short: the path of a unix socket has 107 bytes at most

    def open_broker(notes: Callable[[brokers.Note], None]) -> brokers.Broker:
        return brokers.Broker(engine.socket, sockets, scope, notes, clock=clock)

    return Brokered(open_broker, emit, clock)


class Brokered:
    """Each step has a socket of ours, which passes on what a build needs."""

    def __init__(
        self,
        open_broker: Callable[[Callable[[brokers.Note], None]], brokers.Broker],
        emit: Emit,
        clock: Clock,
    ) -> None:
        self._emit = emit
        self._clock = clock
        self._built: set[str] = set()
        self._tagged: set[str] = set()
        self._broker = open_broker(self._noted)

    def socket(self, step: Step) -> str:
        return str(self._broker.socket(step.index))

    def settle(self, step: Step) -> None:
        self._broker.settle(step.index)

    def built(self, image_id: str) -> bool:
        return image_id in self._built

    def stale(self, image_id: str) -> bool:
        return image_id not in self._built | self._tagged

    def close(self) -> None:
        self._broker.close()

    def _noted(self, note: brokers.Note) -> None:
        at = self._clock()
        match note:
            case brokers.Built(step, image_id, names):
                self._built.add(image_id)
                self._emit(ImageBuilt(at, step, image_id, names))
            case brokers.Tagged(step, image_id, name):
                self._tagged.add(image_id)
                self._emit(ImageTagged(at, step, image_id, name))
            case brokers.Ran(step, image_id, exit_code, started, stopped, program):
                self._emit(ImageRan(at, step, image_id, exit_code, started, stopped, program))
            case brokers.Held(step, name):
                self._emit(PushHeld(at, step, name))
            case brokers.Denied(step, request, why):
                self._emit(Noted(at, "warning", f"refused {request}: {why}", step))
