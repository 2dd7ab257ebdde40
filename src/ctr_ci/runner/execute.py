"""A plan is carried out: the schedule decides, threads obey, events say what happened.

One thread a running step; the calling thread keeps time and order. Whatever ends the build, all
that it made is removed on the way out.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from queue import Empty

from ctr_ci import broker as brokers
from ctr_ci.engine import Engine, Image
from ctr_ci.events import (
    ArtifactKept,
    BuildFinished,
    BuildStarted,
    Event,
    ImageFound,
    ImagePulling,
    Noted,
    StepAllowed,
    StepFinished,
)
from ctr_ci.plan import Plan, Step
from ctr_ci.problem import CtrCiError, Problem, WorldError
from ctr_ci.runner.artifacts import Unmatched, collect
from ctr_ci.runner.build import Build, Judge, Options, Outcome
from ctr_ci.runner.container import replaced, words
from ctr_ci.runner.control import Began, Broke, Control, Judged, Message, Stopped
from ctr_ci.runner.ground import HOME, Far, Ground, Near, Volumes
from ctr_ci.runner.images import resolve
from ctr_ci.runner.lanes import Lanes
from ctr_ci.runner.ledger import Ledger
from ctr_ci.runner.metadata import Metadata, facts
from ctr_ci.runner.schedule import Drop, Ended, Halt, Happening, Schedule, Start, Stop, advance, width
from ctr_ci.runner.secrets import require
from ctr_ci.runner.step import Bench, StepEnd, StepRun
from ctr_ci.runner.step_docker import Brokered, NoDocker, StepDocker, Trusted
from ctr_ci.secret import Secret
from ctr_ci.value import replace

GRACE_S = 5.0  # for stopped steps to end; then we go on without them


def run(
    plan: Plan,
    engine: Engine,
    build: Build,
    options: Options,
    secrets: Mapping[str, Secret],
    emit: Callable[[Event], None],
    *,
    clock: Callable[[], float],
    control: Control,
    judge: Judge = lambda: iter(()),
) -> Outcome:
    """Runs a plan to its end. `emit` gets every event, one call at a time, from several threads.

    `judge` is asked after the steps which gates passed. Raises InputError before anything starts
    where a secret is missing; afterwards failures are the outcome's.
    """
    require(plan, secrets)
    return _Run(plan, engine, build, options, secrets, emit, clock, control, judge).run()


class _Run:
    def __init__(
        self,
        plan: Plan,
        engine: Engine,
        build: Build,
        options: Options,
        secrets: Mapping[str, Secret],
        sink: Callable[[Event], None],
        clock: Callable[[], float],
        control: Control,
        judge: Judge,
    ) -> None:
        self._plan = plan
        self._engine = engine
        self._build = build
        self._options = options
        self._secrets = secrets
        self._sink = sink
        self._clock = clock
        self._inbox = control.inbox
        self._judge = judge
        self._emitting = threading.Lock()
        self._ledger = Ledger(engine, build.id, build.owner, build.folder, self._not_removed)
        self._background = ThreadPoolExecutor(8, thread_name_prefix="ctr-ci-build")
        self._lanes: Lanes | None = None
        self._fetch: Callable[[], None] = lambda: None  # brings home what the steps left in /workspace
        self._metadata = Metadata(facts(plan, secrets))
        self._step_docker: StepDocker | None = None
        self._runs: dict[int, StepRun] = {}
        self._deadlines: dict[int, float] = {}
        self._deadline = time.monotonic() + plan.timeout.total_seconds()
        self._outcome = Outcome("SUCCESS")
        self._broke: BaseException | None = None
        self._kept: list[str] = []
        self._ran: set[str] = set()  # image IDs of steps
        self._before: dict[str, str] = {}  # what the names of `images:` pointed at before the steps
        self._halted_at: float | None = None

    def run(self) -> Outcome:
        build, plan = self._build, self._plan
        self._emit(
            BuildStarted(
                build.id,
                self._clock(),
                build.source,
                plan.config_path,
                plan.config_digest,
                plan.substitutions,
                tuple((step.index, step.id, step.image) for step in plan.steps),
                plan.images,
                tuple(words(step) for step in plan.steps),
                tuple(replaced(step) for step in plan.steps),
                build.policy_path,
                build.policy_digest,
            )
        )
        for index in sorted(self._options.skip):
            self._emit(StepFinished(self._clock(), index, "SKIPPED", None))
        try:
            try:
                bench = self._prepare()
                self._steps(bench)
                if self._outcome.status == "SUCCESS":
                    self._find_images()
                if self._outcome.status == "SUCCESS":
                    self._keep_artifacts()
            except CtrCiError as error:
                self._end("INTERNAL_ERROR", error.problems[0], error)
            finally:
                self._tidy()
            self._pass_gates()
        except BaseException as error:
            self._end("INTERNAL_ERROR", Problem(f"{type(error).__name__} in ctr-ci"))
            raise
        finally:
            self._emit(BuildFinished(self._clock(), self._outcome.status, self._outcome.problem))
        if self._broke is not None:
            raise self._broke
        return replace(self._outcome, kept=tuple(self._kept))

    # --- before the first step

    def _prepare(self) -> Bench:
        plan, options = self._plan, self._options
        network: Future[str] = Future()
        if options.network:
            network.set_result(options.network)
        else:
            name = self._ledger.name("net")
            network = self._background.submit(lambda: self._ledger.network(name) and name)
        volumes = tuple((name, self._ledger.name(f"volume-{name}")) for name in plan.volumes)
        for _, volume in volumes:
            self._ledger.volume(volume)
        first = self._any_image()
        ground = self._ground(volumes, first)
        self._lanes = lanes = Lanes(
            self._engine, self._ledger, network, ground, self._metadata, shared=self._lanes_pay()
        )
        if first is not None:
            lanes.prepare(self._at_once(), first)
        found = ((name, self._engine.image(name)) for name in plan.images)
        self._before = {name: image.id for name, image in found if image is not None}
        self._step_docker = docker = self._docker(ground)
        return Bench(
            engine=self._engine,
            ledger=self._ledger,
            lanes=lanes,
            ground=ground,
            builders=options.builders,
            secrets=self._secrets,
            emit=self._emit,
            clock=self._clock,
            docker=docker,
            memory_bytes=options.memory_bytes,
            keep=self._keep if options.keep else None,
            shell=options.shell,
        )

    def _ground(self, volumes: Volumes, image: Image | None) -> Ground:
        """The build's files, where the engine can see them."""
        if not self._far:
            return Near(self._build.workspace, self._build.folder, volumes)
        ground = Far(self._engine, self._ledger, self._build.workspace, volumes)
        carrying = image or self._first_image()
        ground.fill(carrying)
        self._fetch = lambda: ground.fetch(carrying)
        return ground

    @property
    def _far(self) -> bool:
        folder = str(self._build.folder.absolute())
        return self._options.carry_files or not self._engine.socket or self._engine.theirs(folder) is None

    def _first_image(self) -> Image:
        """The image of the first step, pulled: none of the build's is there yet."""
        step = self._plan.steps[0]

        def pulling(name: str) -> None:
            self._emit(ImagePulling(self._clock(), step.index, name))

        return resolve(step, self._engine, self._options.builders, lambda _: False, pulling, lambda: False)

    def _at_once(self) -> int:
        widest = width(tuple(step.after for step in self._plan.steps))
        return min(widest, self._options.jobs or widest, 8)

    def _lanes_pay(self) -> bool:
        """A lane costs a container more, and pays from its second step on. Where it has the metadata
        server it always does: a step must not reach the machine's own in the meantime."""
        own = not self._options.network or self._options.network not in ("none", "host")
        again = len(self._plan.steps) - len(self._options.skip) > self._at_once()
        return own and (again or bool(self._metadata.hosts))

    def _any_image(self) -> Image | None:
        for step in self._plan.steps:
            name = self._options.builders.stand_in(step.image) or step.image
            image = self._engine.image(name)
            if image is not None:
                return image
        return None

    def _docker(self, ground: Ground) -> StepDocker:
        """What steps find at /var/run/docker.sock."""
        wanted = self._options.docker
        if wanted == "engine":
            return Trusted(self._engine, self._plan, self._emit, self._clock)
        if wanted == "none" or not isinstance(ground, Near):
            if wanted != "none":
                self._note("warning", "steps get no Docker: the engine cannot see our broker's sockets")
            return NoDocker()
        mounts = dict.fromkeys(mount for step in self._plan.steps for mount in step.mounts)
        scope = brokers.Scope(
            build_id=self._build.id,
            owner=self._build.owner,
            workspace=self._build.workspace,
            volumes=(
                (HOME, str(ground.home)),
                *((mount.path, ground.volumes[mount.name]) for mount in mounts),
            ),
            network=self._options.network or self._ledger.name("net"),
            push=self._options.push,
            memory_bytes=self._options.memory_bytes,
            grants=self._options.grants,
            told=self._plan.images + tuple(word for step in self._plan.steps for word in step.words),
            project=dict(self._plan.substitutions).get("PROJECT_ID", ""),
            theirs=self._engine.theirs,
        )
        for step, rule in self._options.grants:
            self._emit(StepAllowed(self._clock(), step, rule))
        sockets = self._build.folder / "s"  # short: the path of a unix socket has 107 bytes at most

        def open_broker(notes: Callable[[brokers.Note], None]) -> brokers.Broker:
            return brokers.Broker(self._engine.socket, sockets, scope, notes, clock=self._clock)

        return Brokered(open_broker, self._emit, self._clock)

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
                self._end("CANCELLED", Problem("context canceled"), signal=number)
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
                    self._background.submit(self._stop, index, "CANCELLED")
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
                self._background.submit(self._stop, index, "TIMEOUT")
        return schedule

    # --- after the last step

    def _find_images(self) -> None:
        """Each of `images:` must be here, and of this build: on Google's fresh machine an image that
        an earlier build left does not exist."""
        missing, stale = [], []
        for name in self._plan.images:
            image = self._engine.image(name)
            if image is None:
                missing.append(name)
            elif self._is_stale(name, image.id):
                missing.append(name)
                stale.append(name)
            else:
                self._emit(ImageFound(self._clock(), name, image.id))
        if missing:
            listed = ", ".join(f'"{name}"' for name in missing)
            help = "a step must build or tag an image by exactly this name"
            if stale:
                help = f"{', '.join(stale)} is here from before: no step of this build made it; {help}"
            found = f"failed to find one or more images after execution of build steps: [{listed}]"
            self._end("FAILURE", Problem(found, help=help, path=self._plan.config_path))

    def _is_stale(self, name: str, image_id: str) -> bool:
        if self._options.skip or self._step_docker is None:
            return False  # the steps that made it may be those that are not run this time
        unchanged = self._before.get(name) == image_id
        return unchanged and image_id not in self._ran and self._step_docker.stale(image_id)

    def _keep_artifacts(self) -> None:
        if self._options.artifacts is None or not (self._plan.object_location or self._plan.packages):
            return
        self._fetch()
        try:
            for kept in collect(self._plan, self._build.workspace, self._options.artifacts, self._build.id):
                self._emit(
                    ArtifactKept(self._clock(), kept.kind, kept.location, str(kept.path), kept.size_bytes)
                )
        except Unmatched as error:
            self._end("FAILURE", error.problem)

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
                    self._end("CANCELLED", Problem("context canceled"), signal=number)
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
        try:
            for thing in self._engine.owned():
                if thing.build_id == self._build.id and thing.kind == "container":
                    self._engine.remove(thing.id)
        except WorldError as error:
            self._not_removed(error.problems[0])

    def _tidy(self) -> None:
        """Removes all of this build, in this order; one that fails keeps no other from its turn."""
        with ExitStack() as last:
            last.callback(self._ledger.close)
            last.callback(self._background.shutdown)
            last.callback(self._metadata.close)
            if self._lanes is not None:
                last.callback(self._lanes.close)
            if self._step_docker is not None:
                last.callback(self._close_docker, self._step_docker)

    def _close_docker(self, docker: StepDocker) -> None:
        try:
            docker.close()
        except WorldError as error:
            self._not_removed(error.problems[0])

    def _keep(self, container: str) -> None:
        self._ledger.keep(container)
        self._kept.append(container)

    def _not_removed(self, problem: Problem) -> None:
        self._note("warning", problem.found + (f" ({problem.help})" if problem.help else ""))

    # --- words

    def _broken(self, where: str, error: BaseException) -> None:
        self._broke = self._broke or error
        self._end("INTERNAL_ERROR", Problem(f"{where}: {type(error).__name__}: {error}"))

    def _end(
        self, status: str, problem: Problem | None, error: CtrCiError | None = None, signal: int = 0
    ) -> None:
        """The first reason is the build's."""
        if self._outcome.status == "SUCCESS":
            self._outcome = Outcome(status, problem, error, signal)

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
