"""Which step starts when, and what a failure ends: a fold, with no engine, thread or clock.

Cloud Build's rules: a step starts when all that it waits for have succeeded (or were forgiven);
the first unforgiven failure stops those that run and lets no other start.
"""

from __future__ import annotations

from ctr_ci.value import replace, value


@value
class Start:
    step: int


@value
class Stop:
    """End a running step: its container is to be killed."""

    step: int


@value
class Drop:
    """This step will never start."""

    step: int


@value
class Ended:
    """A step has ended; `ok`: it passed, or its failure is forgiven."""

    step: int
    ok: bool


@value
class Halt:
    """The build is to end from outside: a signal, its time limit, a broken engine."""


Command = Start | Stop | Drop
Happening = Ended | Halt


@value
class Schedule:
    """`after[i]`: what step i waits for. `limit`: steps at once. `done` at the start: steps that
    are skipped; whoever waits for them goes on."""

    after: tuple[frozenset[int], ...]
    limit: int | None = None
    done: frozenset[int] = frozenset()
    running: frozenset[int] = frozenset()
    halted: bool = False

    @property
    def over(self) -> bool:
        return not self.running and (self.halted or len(self.done) == len(self.after))

    def ready(self) -> tuple[int, ...]:
        """Steps that could start now, in the config's order, as many as `limit` allows."""
        begun = self.done | self.running
        free = [i for i, after in enumerate(self.after) if i not in begun and after <= self.done]
        return tuple(free if self.limit is None else free[: max(0, self.limit - len(self.running))])


def advance(schedule: Schedule, happening: Happening | None) -> tuple[Schedule, tuple[Command, ...]]:
    """The next state and what is to be done. `None` is the beginning."""
    match happening:
        case Ended(step, ok=True):
            schedule = replace(schedule, done=schedule.done | {step}, running=schedule.running - {step})
        case Ended(step):
            return _halt(replace(schedule, running=schedule.running - {step}), step)
        case Halt():
            return _halt(schedule)
        case None:
            pass
    if schedule.halted:
        return schedule, ()
    ready = schedule.ready()
    return replace(schedule, running=schedule.running | set(ready)), tuple(map(Start, ready))


def _halt(schedule: Schedule, failed: int | None = None) -> tuple[Schedule, tuple[Command, ...]]:
    if schedule.halted:
        return schedule, ()
    begun = schedule.done | schedule.running | ({failed} if failed is not None else set())
    stops: list[Command] = [Stop(step) for step in sorted(schedule.running)]
    drops: list[Command] = [Drop(i) for i in range(len(schedule.after)) if i not in begun]
    return replace(schedule, halted=True), (*stops, *drops)


def width(after: tuple[frozenset[int], ...], done: frozenset[int] = frozenset()) -> int:
    """How many steps may run at once if all take equally long: the lanes worth preparing."""
    widest = 0
    while len(done) < len(after):
        wave = Schedule(after, done=done).ready()
        if not wave:
            break
        widest = max(widest, len(wave))
        done |= set(wave)
    return widest
