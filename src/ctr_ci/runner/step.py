"""One step, from its image to its end, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from ctr_ci.engine import Attached, CannotStart, ContainerSpec, Engine, Image
from ctr_ci.events import Event, ImagePulling, StepFinished, StepOutput, StepStarted
from ctr_ci.plan import Step
from ctr_ci.problem import CtrCiError, Problem
from ctr_ci.runner.container import container
from ctr_ci.runner.ground import Ground
from ctr_ci.runner.images import Builders, resolve
from ctr_ci.runner.lanes import Lanes
from ctr_ci.runner.ledger import Ledger
from ctr_ci.runner.output import Lines
from ctr_ci.runner.secrets import variables
from ctr_ci.runner.shell import Keyboard, Shell, with_shell
from ctr_ci.runner.step_docker import StepDocker
from ctr_ci.runner.story import StepFailure, tell
from ctr_ci.secret import Secret
from ctr_ci.tail import Tail
from ctr_ci.value import replace, value

TAIL = 8 * 1024  # bytes of a step's end in which signs of a known failure are looked for
LAST = 12  # lines of them


@value
class Bench:
    """What all steps of a build work with."""

    engine: Engine
    ledger: Ledger
    lanes: Lanes
    ground: Ground
    builders: Builders
    secrets: Mapping[str, Secret]
    emit: Callable[[Event], None]
    clock: Callable[[], float]
    docker: StepDocker
    memory_bytes: int | None = None
    keep: Callable[[str], None] | None = None  # told of a failed step's container; None: none is kept
    shell: Shell | None = None


@value
class StepEnd:
    """`problem` is set where the step failed; `error` where it is the surroundings' fault."""

    step: Step
    status: str
    forgiven: bool = False
    problem: Problem | None = None
    error: CtrCiError | None = None
    image_id: str = ""  # what it ran, "" where it came to nothing

    @property
    def ok(self) -> bool:
        return self.status == "SUCCESS" or self.forgiven


class StepRun:
    """A step under way. `work` runs in the step's thread; `stop` is called from another."""

    def __init__(self, step: Step, bench: Bench, began: Callable[[Step], None]) -> None:
        self.step = step
        self._bench = bench
        self._began = began
        self._verdict: str | None = None
        self._container: str | None = None
        self._output: bytes | None = None
        self._lock = threading.Lock()

    def stop(self, verdict: str) -> None:
        """Ends the step with this status (TIMEOUT or CANCELLED), whatever it is doing."""
        with self._lock:
            if self._verdict is not None:
                return
            self._verdict = verdict
            running = self._container
        if running is not None:
            self._bench.engine.kill(running)

    def work(self) -> StepEnd:
        bench, step = self._bench, self.step
        tail = Tail(TAIL)
        image: Image | None = None
        code: int | None = None
        oom = False
        error: CtrCiError | None = None
        try:
            image = resolve(
                step,
                bench.engine,
                bench.builders,
                bench.docker.built,
                lambda name: bench.emit(ImagePulling(bench.clock(), step.index, name)),
                lambda: self._verdict is not None,
            )
            if self._verdict is None:
                code, oom = self._run(image, tail)
        except CtrCiError as raised:
            error = raised
        status, forgiven = self._judge(code, error)
        end = self._end(status, forgiven, StepFailure(step, image, code, oom, tail.lines(LAST)), error)
        bench.emit(StepFinished(bench.clock(), step.index, status, code, forgiven, self._output))
        return replace(end, image_id=image.id if image is not None else "")

    def _run(self, image: Image, tail: Tail) -> tuple[int, bool]:
        """Runs the container to its end. Returns the exit code, and whether memory ran out."""
        bench, step = self._bench, self.step
        lane = bench.lanes.enter(image)
        name = bench.ledger.name(f"step-{step.index}")
        code: int | None = None
        try:
            spec = container(
                step,
                image.id,
                bench.ground.binds(step),
                name=name,
                labels=bench.ledger.labels,
                network=lane.result(),
                socket=bench.docker.socket(step),
                secrets=variables(step, bench.secrets),
                memory_bytes=bench.memory_bytes,
            )
            if bench.shell is not None and bench.shell.step == step.index:
                code = self._talk(with_shell(spec), bench.shell.keyboard)
                return code, False
            made = bench.ledger.container(spec)
            bench.ground.deliver(step, made)
            attached = bench.engine.attach(made)
            try:
                bench.emit(StepStarted(bench.clock(), step.index, image.id))
                self._start(made)
                self._read(attached, tail)
            finally:
                attached.close()
            code = bench.engine.wait(made)
            oom = code == 137 and self._verdict is None and bench.engine.oom_killed(made)
            bench.docker.settle(step)
            self._output = bench.ground.output(step, made)
            return code, oom
        finally:
            if bench.keep is not None and code != 0 and self._verdict != "CANCELLED":
                bench.keep(name)
            else:
                bench.ledger.discard(name)
            bench.lanes.leave(lane)

    def _talk(self, spec: ContainerSpec, keyboard: Keyboard) -> int:
        """A shell instead of the step's program. However it ends, that says nothing of the step."""
        bench = self._bench
        made = bench.ledger.container(spec)
        bench.ground.deliver(self.step, made)
        terminal = bench.engine.terminal(made)
        try:
            bench.emit(StepStarted(bench.clock(), self.step.index, spec.image))
            self._start(made)
            keyboard.talk(terminal, lambda: self._verdict is not None)
        finally:
            terminal.close()
        bench.engine.kill(made)
        bench.engine.wait(made)
        bench.docker.settle(self.step)
        return 0

    def _start(self, made: str) -> None:
        self._bench.engine.start(made)
        with self._lock:
            self._container = made
            late = self._verdict is not None
        if late:  # it was stopped while it was being made
            self._bench.engine.kill(made)
        else:
            self._began(self.step)

    def _read(self, attached: Attached, tail: Tail) -> None:
        bench, index = self._bench, self.step.index
        streams = {name: Lines(bench.secrets.values()) for name in ("stdout", "stderr")}

        def show(stream: str, lines: bytes) -> None:
            tail.feed(lines)
            bench.emit(StepOutput(bench.clock(), index, stream, lines))

        for piece in attached:
            for lines in streams[piece.stream].feed(piece.data):
                show(piece.stream, lines)
        for stream, held in streams.items():
            for lines in held.close():
                show(stream, lines)

    def _judge(self, code: int | None, error: CtrCiError | None) -> tuple[str, bool]:
        """The step's status, and whether its failure is forgiven. Codes go before allowFailure."""
        if code == 0:
            return "SUCCESS", False
        if self._verdict == "CANCELLED":
            return self._verdict, False
        if self._verdict is not None:  # its time was up: it has no code, so only allowFailure counts
            return self._verdict, self.step.allow_failure and not self.step.allow_exit_codes
        if error is not None and not isinstance(error, CannotStart):
            return "FAILURE", False
        if self.step.allow_exit_codes:
            return "FAILURE", code in self.step.allow_exit_codes
        return "FAILURE", self.step.allow_failure

    def _end(self, status: str, forgiven: bool, failure: StepFailure, error: CtrCiError | None) -> StepEnd:
        if status == "SUCCESS":
            return StepEnd(self.step, status)
        if error is not None and not isinstance(error, CannotStart):
            return StepEnd(self.step, status, problem=error.problems[0], error=error)
        refusal = error.problems[0].found if error is not None else ""
        return StepEnd(self.step, status, forgiven, problem=tell(failure, status, refusal))
