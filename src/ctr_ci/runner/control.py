"""What the threads of a build tell the one that decides."""

from __future__ import annotations

from queue import SimpleQueue

from ctr_ci.plan import Step
from ctr_ci.runner.step import StepEnd
from ctr_ci.value import value


@value
class Stopped:
    """A signal asked the build to end."""

    signal: int


@value
class Began:
    """A step's container runs: its own time limit counts from now."""

    step: Step


@value
class Broke:
    """A thread met what no thread should: the build is ended and the error raised again."""

    where: str
    error: BaseException
    step: int | None = None


@value
class Judged:
    """All gates have been asked."""


Message = Stopped | Began | Broke | StepEnd | Judged


class Control:
    """Stops a running build; `stop` may be called from a signal handler (the queue allows it)."""

    def __init__(self) -> None:
        self.inbox: SimpleQueue[Message] = SimpleQueue()

    def stop(self, signal_number: int) -> None:
        self.inbox.put(Stopped(signal_number))
