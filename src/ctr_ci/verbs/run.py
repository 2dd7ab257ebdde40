"""`ctr-ci run`: a build, from its source to its record."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from types import FrameType
from typing import TYPE_CHECKING, BinaryIO, Literal
from uuid import uuid4

from ctr_ci import record
from ctr_ci.engine import Engine, connect, container_id
from ctr_ci.events import Event, GateDecided, Noted, StepOutput
from ctr_ci.plan import Plan
from ctr_ci.problem import CtrCiError, Exit, InputError, Problem, WorldError
from ctr_ci.report.journal import Journal
from ctr_ci.report.journal import read as read_journal
from ctr_ci.report.junit_run import junit_run
from ctr_ci.runner import KEPT, Build, Builders, Control, Options, Outcome, owner, reap
from ctr_ci.runner import run as carry_out
from ctr_ci.secret import Secret
from ctr_ci.value import replace, value
from ctr_ci.verbs.build_inputs import BuildChoice, planned
from ctr_ci.verbs.run_gates import Gates, gates_of
from ctr_ci.verbs.run_shell import with_shell
from ctr_ci.verbs.run_summary import exit_of, how_to_look, shown, summary
from ctr_ci.verbs.run_view import Colour, Format, view
from ctr_ci.verbs.secret_sources import read_secrets
from ctr_ci.verbs.selection import Selection, skipped
from ctr_ci.workspace import Workspace, prepare

if TYPE_CHECKING:
    from ctr_ci.verbs import publish

FAILING = {  # verdicts of gates that fail the build
    "default": frozenset({"failed"}),
    "required": frozenset({"failed", "missing"}),
    "warn": frozenset[str](),
    "off": frozenset[str](),
}
LONGEST_PLACE = 70  # bytes: sockets lie below it, and a socket's path has 107 at most


@value
class Request:
    """What was asked for. `source` "": none (`--no-source`). `record` None: the usual place under
    the current folder. `format` is "text" or "json". `gate_policy`: "default" fails
    the build for a declared gate that failed, "required" also for an image that nothing tested.
    `push`: publish with this, but for the record, when the build has passed."""

    source: str
    choice: BuildChoice
    selection: Selection
    ignore_file: str | None = None
    record: Path | None = None
    secrets: tuple[str, ...] = ()
    builders: tuple[str, ...] = ()
    format: Format = "text"
    colour: Colour = "auto"
    quiet: bool = False
    junit: Path | None = None
    gate_policy: Literal["default", "required", "warn", "off"] = "default"
    pull: str = "missing"
    engine: str | None = None
    network: str = ""
    jobs: int | None = None
    memory_bytes: int | None = None
    trust_steps: bool = False
    dry_run: bool = False
    keep: bool = False
    carry_files: bool = False
    shell: str | None = None
    push: publish.Request | None = None


@value
class World:
    """What a run has of its surroundings."""

    out: BinaryIO
    err: BinaryIO
    environment: Mapping[str, str]
    clock: Callable[[], float]
    root: Path  # where .ctr-ci/ is


def run(request: Request, world: World) -> Exit:
    """Runs a build. Raises InputError before anything starts where the input is wrong."""
    build_id = str(uuid4())
    whose = KEPT if request.keep else owner()
    builders = Builders(request.pull, _stand_ins(request.builders))
    if request.jobs is not None and request.jobs < 1:
        raise InputError(Problem(f"--jobs {request.jobs}", "at least 1"))
    with ExitStack() as stack:
        folder = stack.enter_context(_folder(whose, _place(request, world)))
        plan, workspace = _plan(request, world, build_id, folder)
        if request.dry_run:
            return _dry_run(request, plan, world)
        secrets = read_secrets(request.secrets, world.environment)
        gates = gates_of(
            plan,
            workspace.folder if workspace else Path(request.source or "."),
            world.environment,
            request.choice.config_file,
            request.choice.use_config,
        )
        options = Options(
            builders=builders,
            docker="engine" if request.trust_steps else "broker",
            network=request.network,
            jobs=request.jobs,
            skip=skipped(plan, request.selection),
            memory_bytes=request.memory_bytes,
            failing=FAILING[request.gate_policy],
            keep=request.keep,
            carry_files=request.carry_files,
            grants=gates.grants,
        )
        if request.shell is not None:
            plan, options = with_shell(request.shell, plan, options)
        engine = connect(request.engine, world.environment)
        stack.callback(engine.close)
        reaping = _reap(engine)
        workspace = workspace or _prepare(request, world, folder)
        build = Build(build_id, whose, folder, workspace.folder, workspace.source, *gates.origin())
        outcome, found, path = _carry_out(request, world, plan, engine, build, options, secrets, gates, stack)
        reaping.join(timeout=5)
        if outcome.kept:
            (folder / KEPT).touch()
            _tell(world, how_to_look(outcome, found, plan, build))
    if request.format == "text" and not request.quiet:
        place = shown(path, world.root)
        _tell(world, summary(outcome, found, place, pushes=request.push is not None))
    code = exit_of(outcome)
    if request.push is not None and code is Exit.DONE:
        from ctr_ci.verbs import publish  # a run that does not push needs no TLS and no compressor

        return publish.publish(replace(request.push, record=path))
    return code


def _plan(request: Request, world: World, build_id: str, folder: Path) -> tuple[Plan, Workspace | None]:
    """The plan, before anything is copied where the config is in a folder of the user's; any other
    source is fetched first, and is then returned."""
    from ctr_ci.workspace import git_facts

    workspace = None
    place = Path(request.source or ".")
    if request.source and not place.is_dir():
        workspace = _prepare(request, world, folder)
        place, facts = workspace.folder, workspace.facts
    else:
        facts = git_facts(place)
    if request.choice.tag is not None and not (place / "Dockerfile").exists():
        raise InputError(Problem(f"no Dockerfile in {place}", "a Dockerfile: --tag builds it"))
    plan, warnings = planned(request.choice, place, facts, world.environment, build_id)
    _tell(world, (warning.render() for warning in warnings))
    return plan, workspace


def _prepare(request: Request, world: World, folder: Path) -> Workspace:
    ignore = Path(request.ignore_file) if request.ignore_file else None
    source, fetched = request.source, None
    if source.startswith("gs://"):
        from ctr_ci import google

        fetched = folder / f"source-{Path(source.partition('#')[0]).name}"
        google.download(source, fetched, world.environment)
    made = prepare(
        str(fetched or source), folder / "workspace", environment=world.environment, ignore_file=ignore
    )
    return made if fetched is None else replace(made, source=(("kind", "storage"), ("path", source)))


def _carry_out(
    request: Request,
    world: World,
    plan: Plan,
    engine: Engine,
    build: Build,
    options: Options,
    secrets: Mapping[str, Secret],
    gates: Gates,
    stack: ExitStack,
) -> tuple[Outcome, record.Record, Path]:
    path = request.record or _usual_place(world.root, build.id)
    place = path.parent if request.record is None else _beside(path)
    journal = stack.enter_context(Journal(place))
    show = stack.enter_context(
        view(
            world.out,
            world.err,
            world.environment,
            world.clock,
            format=request.format,
            colour=request.colour,
            quiet=request.quiet,
            live=request.shell is None,
        )
    )
    events = Recorder(path, journal, show)
    control = Control()

    def judge() -> Iterator[GateDecided]:
        if request.gate_policy == "off":
            return iter(())
        return gates.judge(events.record(), engine, build, world.clock, options.memory_bytes)

    with _signals(control):
        outcome = carry_out(
            plan,
            engine,
            build,
            replace(options, artifacts=place / "artifacts"),
            secrets,
            events.take,
            clock=world.clock,
            control=control,
            judge=judge,
        )
    if request.junit is not None:
        journal.close()
        _save(request.junit, junit_run(read_journal(place)))
    return outcome, events.record(), path


class Recorder:
    """Takes each event to the journal, the record (written whenever it has changed) and the view.

    One that fails (a full disk, a reader that went away) raises once and is left out from then on:
    the others still hear how the build ends.
    """

    def __init__(self, path: Path, journal: Journal, view: Callable[[Event], None]) -> None:
        self._path = path
        self._record: record.Record | None = None
        self._readers = [self._fold, journal.write, self._save, view]

    def take(self, event: Event) -> None:
        failed: BaseException | None = None
        for reader in tuple(self._readers):
            try:
                reader(event)
            except BaseException as error:  # noqa: BLE001  it is raised below
                self._readers.remove(reader)
                failed = failed or error
        if failed is not None:
            raise failed

    def _fold(self, event: Event) -> None:
        self._record = record.fold((event,), self._record)

    def _save(self, event: Event) -> None:
        if not isinstance(event, StepOutput | Noted):
            record.write(self._path, self.record())

    def record(self) -> record.Record:
        assert self._record is not None
        return self._record


def _tell(world: World, lines: Iterable[str]) -> None:
    for line in lines:
        world.err.write(f"{line}\n".encode("utf-8", "surrogateescape"))
    world.err.flush()


def _dry_run(request: Request, plan: Plan, world: World) -> Exit:
    from ctr_ci.plan import to_json
    from ctr_ci.report.plan_text import plan_text

    text = to_json(plan) if request.format == "json" else "".join(f"{line}\n" for line in plan_text(plan))
    world.out.write(text.encode("utf-8", "surrogateescape"))
    world.out.flush()
    return Exit.DONE


def _stand_ins(given: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for text in given:
        name, equals, image = text.partition("=")
        if not (name and equals and image):
            raise InputError(Problem(f"--builder {text!r}", "NAME=IMAGE"))
        found[name] = image
    return found


def _usual_place(root: Path, build_id: str) -> Path:
    """The record's place."""
    _records(root)
    return record.place(root, build_id)


def _records(root: Path) -> None:
    """Makes the folder of records, which keeps itself out of the user's repository."""
    folder = root / record.FOLDER
    try:
        folder.mkdir(exist_ok=True)
        if not (folder / ".gitignore").exists():
            (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise WorldError(
            Problem(
                f"cannot write: {error.strerror}", "a folder for records", "or --record FILE", str(folder)
            )
        ) from error


def _save(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise WorldError(
            Problem(f"cannot write it: {error.strerror}", "a file that can be written", path=str(path))
        ) from error


def _beside(path: Path) -> Path:
    """Where the events go of a record with a place of its own."""
    return path.with_name(f"{path.stem}.events")


def _place(request: Request, world: World) -> str:
    """Where the build's folder goes. In a container that may not be where temporary files usually go:
    the engine must see it, too."""
    ours = gettempdir()
    usual = ours if len(os.fsencode(ours)) <= LONGEST_PLACE else "/tmp"
    if request.carry_files or request.dry_run or not container_id():
        return usual
    try:
        engine = connect(request.engine, world.environment)
    except CtrCiError:
        return usual  # said when the build is to start
    try:
        here = world.root / record.FOLDER
        wanted = (usual, world.environment.get("RUNNER_TEMP", ""), str(here.absolute()))
        seen = [path for path in wanted if path and len(os.fsencode(path)) <= LONGEST_PLACE]
        place = next((path for path in seen if engine.theirs(path) is not None), usual)
    except CtrCiError:
        return usual
    finally:
        engine.close()
    if place == str(here.absolute()):
        _records(world.root)
    return place


@contextmanager
def _folder(name: str, place: str) -> Iterator[Path]:
    """The build's own folder, open to nobody else; a file in it says whose it is. The runner removes
    it; here only where it came to nothing."""
    folder = Path(mkdtemp(prefix="ctr-ci-", dir=place))
    try:
        (folder / "owner").write_text(name, encoding="utf-8")
        yield folder
    finally:
        if not (folder / KEPT).exists():
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _signals(control: Control) -> Iterator[None]:
    """SIGINT and SIGTERM end the build in order; a second one ends the process at once."""

    def stop(number: int, _: FrameType | None) -> None:
        for known in previous:
            signal.signal(known, signal.SIG_DFL)
        control.stop(number)

    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    try:
        for number in previous:
            signal.signal(number, stop)
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _reap(engine: Engine) -> threading.Thread:
    """Removes in the background what killed runs left; a failure is for `clean` to tell."""

    def work() -> None:
        with suppress(CtrCiError):
            reap(engine)

    thread = threading.Thread(target=work, name="ctr-ci-reap", daemon=True)
    thread.start()
    return thread
