"""A plan is carried out: the schedule decides, threads obey, events say what happened.

One thread a running step; the calling thread keeps time and order. Whatever ends the build, all
that it made is removed on the way out.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from queue import Empty

from ctr_ci.engine import Image
from ctr_ci.events import BuildFinished, BuildStarted, Event, ImagePulling, Noted, StepFinished
from ctr_ci.plan import Step
from ctr_ci.problem import CtrCiError, Problem, WorldError
from ctr_ci.runner.build import Judge, Origin, Outcome
from ctr_ci.runner.conclude import keep_artifacts, missing_images
from ctr_ci.runner.container import replaced, words
from ctr_ci.runner.control import Began, Broke, Control, Judged, Message, Stopped
from ctr_ci.runner.images import resolve
from ctr_ci.runner.schedule import Drop, Ended, Halt, Happening, Schedule, Start, Stop, advance
from ctr_ci.runner.site import Site
from ctr_ci.runner.step import Bench, StepEnd, StepRun
from ctr_ci.runner.step_docker import StepDocker, docker_of
from ctr_ci.value import replace

GRACE_S = 5.0  # for stopped steps to end; then we go on without them


def run(
    site: Site,
    origin: Origin,
    emit: Callable[[Event], None],
    *,
    clock: Callable[[], float],
    control: Control,
    judge: Judge,
    artifacts: Path,
) -> Outcome:
    """Runs a site's plan to its end, and removes the site. `emit` gets every event, one call at a
    time, from several threads. `judge` is asked after the steps which gates passed; the folder
    `artifacts` gets what `artifacts:` names. Failures are the outcome's."""
    return _Run(site, origin, emit, clock, control, judge, artifacts).run()


class _Run:
    def __init__(
        self,
        site: Site,
        origin: Origin,
        sink: Callable[[Event], None],
        clock: Callable[[], float],
        control: Control,
        judge: Judge,
        artifacts: Path,
    ) -> None:
        self._site = site
        self._plan = site.plan
        self._build = site.build
        self._options = site.options
        self._origin = origin
        self._sink = sink
        self._clock = clock
        self._inbox = control.inbox
        self._judge = judge
        self._artifacts = artifacts
        self._emitting = threading.Lock()
        self._fetch: Callable[[], None] = lambda: None  # brings home what the steps left in /workspace
        self._step_docker: StepDocker | None = None
        self._runs: dict[int, StepRun] = {}
        self._deadlines: dict[int, float] = {}
        self._deadline = time.monotonic() + site.plan.timeout.total_seconds()
        self._outcome = Outcome("SUCCESS")
        self._broke: BaseException | None = None
        self._kept: list[str] = []
        self._ran: set[str] = set()  # image IDs of steps
        self._before: dict[str, str] = {}  # what the names of `images:` pointed at before the steps
        self._halted_at: float | None = None
        site.failed = self._not_removed

    def run(self) -> Outcome:
        try:
            self._start()
            try:
                bench = self._prepare()
                self._steps(bench)
                self._conclude()
            except CtrCiError as error:
                self._end("INTERNAL_ERROR", error.problems[0], error)
            finally:
                self._tidy()
            self._pass_gates()
        except BaseException as error:
            self._end("INTERNAL_ERROR", Problem(f"{type(error).__name__} in ctr-ci"))
            raise
        finally:
            self._site.close()
            self._emit(BuildFinished(self._clock(), self._outcome.status, self._outcome.problem))
        if self._broke is not None:
            raise self._broke
        return replace(self._outcome, kept=tuple(self._kept))

    # --- before the first step

    def _start(self) -> None:
        plan, origin = self._plan, self._origin
        self._emit(
            BuildStarted(
                self._build.id,
                self._clock(),
                origin.source,
                plan.config_path,
                plan.config_digest,
                plan.substitutions,
                tuple((step.index, step.id, step.image) for step in plan.steps),
                plan.images,
                tuple(words(step) for step in plan.steps),
                tuple(replaced(step) for step in plan.steps),
                origin.policy_path,
                origin.policy_digest,
            )
        )
        for index in sorted(self._options.skip):
            self._emit(StepFinished(self._clock(), index, "SKIPPED", None))

    def _prepare(self) -> Bench:
        site, options = self._site, self._options
        found = ((name, site.engine.image(name)) for name in self._plan.images)
        self._before = {name: image.id for name, image in found if image is not None}
        ground, carrying = site.ground(self._first_image)
        if carrying is not None:
            self._fetch = lambda: ground.fetch(carrying)
        self._step_docker = docker = docker_of(site, ground, self._emit, self._clock)
        return Bench(
            engine=site.engine,
            ledger=site.ledger,
            lanes=site.lanes,
            ground=ground,
            builders=options.builders,
            secrets=site.secrets,
            emit=self._emit,
            clock=self._clock,
            docker=docker,
            memory_bytes=options.memory_bytes,
            keep=self._keep if options.keep else None,
            shell=options.shell,
        )

    def _first_image(self) -> Image:
        """The image of the first step, pulled: none of the build's is there yet."""
        step = self._plan.steps[0]

        def pulling(name: str) -> None:
            self._emit(ImagePulling(self._clock(), step.index, name))

        builders = self._options.builders
        return resolve(step, self._site.engine, builders, lambda _: False, pulling, lambda: False)

    # --- the steps

    def _steps(self, bench: Bench) -> None:
        after = tuple(step.after for step in self._plan.steps)
        schedule = Schedule(after, self._options.jobs, done=self._options.skip)
        schedule = self._advance(schedule, None, bench)
        while not schedule.over:
            try:
                message = self._inbox.get(timeout=self._patience())
            except Empty:
                if self._halted_at is not None:
                    self._note("warning", "a step does not end; going on without it")
                    return
                schedule = self._too_late(schedule, bench)
                continue
            schedule = self._heard(message, schedule, bench)

    def _heard(self, message: Message, schedule: Schedule, bench: Bench) -> Schedule:
        match message:
            case Stopped(number):
                self._cancelled(number)
                return self._advance(schedule, Halt(), bench)
            case Began(step):
                if step.timeout is not None:
                    self._deadlines[step.index] = time.monotonic() + step.timeout.total_seconds()
            case Broke(where, error, step):
                self._broken(where, error)
                return self._advance(schedule, Halt() if step is None else Ended(step, ok=False), bench)
            case StepEnd(step):
                self._deadlines.pop(step.index, None)
                self._ran.add(message.image_id)
                if not message.ok and message.status != "CANCELLED":
                    self._end("FAILURE", message.problem, message.error)
                return self._advance(schedule, Ended(step.index, message.ok), bench)
            case Judged():
                pass
        return schedule

    def _advance(self, schedule: Schedule, happening: Happening | None, bench: Bench) -> Schedule:
        schedule, commands = advance(schedule, happening)
        if schedule.halted and self._halted_at is None:
            self._halted_at = time.monotonic()
        for command in commands:
            match command:
                case Start(index):
                    step = self._plan.steps[index]
                    self._runs[index] = StepRun(step, bench, lambda s: self._inbox.put(Began(s)))
                    name = f"ctr-ci-step-{index}"
                    threading.Thread(target=self._work, args=(step,), name=name, daemon=True).start()
                case Stop(index):
                    self._site.background.submit(self._stop, index, "CANCELLED")
                case Drop(index):
                    self._emit(StepFinished(self._clock(), index, "QUEUED", None))
        return schedule

    def _work(self, step: Step) -> None:
        """The body of a step's thread: whatever happens in it, the build hears of it."""
        try:
            self._inbox.put(self._runs[step.index].work())
        except BaseException as error:  # noqa: BLE001  it is raised again in the build's thread
            self._inbox.put(Broke(step.label, error, step.index))

    def _stop(self, index: int, verdict: str) -> None:
        try:
            self._runs[index].stop(verdict)
        except WorldError as error:
            self._not_removed(error.problems[0])

    def _patience(self) -> float:
        """Seconds until the next limit is hit."""
        now = time.monotonic()
        if self._halted_at is not None:
            return max(0.0, self._halted_at + GRACE_S - now)
        return max(0.0, min([self._deadline, *self._deadlines.values()]) - now)

    def _too_late(self, schedule: Schedule, bench: Bench) -> Schedule:
        now = time.monotonic()
        if now >= self._deadline:
            limit = self._plan.timeout.total_seconds()
            self._end(
                "TIMEOUT",
                Problem(
                    "context deadline exceeded",
                    help=f"that is the build's timeout, {limit:g} s: `timeout:` in the config, or --timeout",
                ),
            )
            return self._advance(schedule, Halt(), bench)
        for index, limit in tuple(self._deadlines.items()):
            if now >= limit:
                del self._deadlines[index]
                self._site.background.submit(self._stop, index, "TIMEOUT")
        return schedule

    # --- after the last step

    def _conclude(self) -> None:
        plan = self._plan
        if self._outcome.status == "SUCCESS" and plan.images:
            problem = missing_images(plan, self._site.engine, self._is_stale, self._emit, self._clock)
            if problem is not None:
                self._end("FAILURE", problem)
        if self._outcome.status == "SUCCESS" and (plan.object_location or plan.packages):
            self._fetch()
            problem = keep_artifacts(plan, self._build, self._artifacts, self._emit, self._clock)
            if problem is not None:
                self._end("FAILURE", problem)

    def _is_stale(self, name: str, image_id: str) -> bool:
        if self._options.skip or self._step_docker is None:
            return False  # the steps that made it may be those that are not run this time
        unchanged = self._before.get(name) == image_id
        return unchanged and image_id not in self._ran and self._step_docker.stale(image_id)

    def _pass_gates(self) -> None:
        """Asks the gates, in a thread: a gate may run containers, and a signal must reach us."""
        if self._outcome.status != "SUCCESS":
            return
        thread = threading.Thread(target=self._ask_gates, name="ctr-ci-gates", daemon=True)
        thread.start()
        while True:
            match self._inbox.get():
                case Judged():
                    return
                case Broke(where, error):
                    self._broken(where, error)
                    return
                case Stopped(number):
                    self._cancelled(number)
                    self._halted_at = time.monotonic()
                    self._sweep()
                    thread.join(GRACE_S)
                    return
                case _:
                    pass  # late news of a step that did not end in time

    def _ask_gates(self) -> None:
        try:
            for gate in self._judge():
                self._emit(gate)
                if gate.verdict in self._options.failing:
                    problem = Problem(f"gate {gate.name} {gate.verdict}: {gate.because}")
                    self._end("FAILURE", problem)
        except CtrCiError as error:
            self._end("INTERNAL_ERROR", error.problems[0], error)
        except BaseException as error:  # noqa: BLE001  it is raised again in the build's thread
            self._inbox.put(Broke("a gate", error))
            return
        self._inbox.put(Judged())

    def _sweep(self) -> None:
        """Removes whatever of this build is in the engine now: it ends what gates have running."""
        engine = self._site.engine
        try:
            for thing in engine.owned():
                if thing.build_id == self._build.id and thing.kind == "container":
                    engine.remove(thing.id)
        except WorldError as error:
            self._not_removed(error.problems[0])

    def _tidy(self) -> None:
        """Removes all of this build; one that fails keeps no other from its turn."""
        with ExitStack() as last:
            last.callback(self._site.close)
            if self._step_docker is not None:
                last.callback(self._close_docker, self._step_docker)

    def _close_docker(self, docker: StepDocker) -> None:
        try:
            docker.close()
        except WorldError as error:
            self._not_removed(error.problems[0])

    def _keep(self, container: str) -> None:
        self._site.ledger.keep(container)
        self._kept.append(container)

    def _not_removed(self, problem: Problem) -> None:
        self._note("warning", problem.found + (f" ({problem.help})" if problem.help else ""))

    # --- words

    def _cancelled(self, number: int) -> None:
        how = f"interrupted by {signal.Signals(number).name}: what the build made is removed"
        self._end("CANCELLED", Problem("context canceled", help=how), by=number)

    def _broken(self, where: str, error: BaseException) -> None:
        self._broke = self._broke or error
        self._end("INTERNAL_ERROR", Problem(f"{where}: {type(error).__name__}: {error}"))

    def _end(
        self, status: str, problem: Problem | None, error: CtrCiError | None = None, by: int = 0
    ) -> None:
        """The first reason is the build's; `by`: the signal."""
        if self._outcome.status == "SUCCESS":
            self._outcome = Outcome(status, problem, error, by)

    def _note(self, level: str, text: str) -> None:
        self._emit(Noted(self._clock(), level, text))

    def _emit(self, event: Event) -> None:
        # While the build is ending, a reader that does not read must not keep us from cleaning up.
        patience = -1.0 if self._halted_at is None else 2.0
        if not self._emitting.acquire(timeout=patience):
            return
        try:
            self._sink(event)
        finally:
            self._emitting.release()
