"""`ctr-ci run`: a build, from its source to its record.

In this order, so that nobody waits for what can be done meanwhile: the plan; then the engine, which
makes the build's site; then all that we need ourselves, which is loaded only here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from ctr_ci.engine import Engine, connect
from ctr_ci.plan import Plan
from ctr_ci.problem import CtrCiError, Exit, InputError, Problem
from ctr_ci.runner import KEPT, Build, Builders, Options, Origin, Site, owner, reap
from ctr_ci.value import replace
from ctr_ci.verbs.build_inputs import planned
from ctr_ci.verbs.run_gates import gates_of
from ctr_ci.verbs.run_places import build_folder, place_of_folder
from ctr_ci.verbs.run_request import Request, World
from ctr_ci.verbs.secret_sources import read_secrets
from ctr_ci.verbs.selection import skipped

if TYPE_CHECKING:
    from ctr_ci.record import Record
    from ctr_ci.workspace import Workspace

FAILING = {  # verdicts of gates that fail the build
    "default": frozenset({"failed"}),
    "required": frozenset({"failed", "missing"}),
    "warn": frozenset[str](),
    "off": frozenset[str](),
}


def run(request: Request, world: World) -> Exit:
    """Runs a build. Raises InputError before anything starts where the input is wrong."""
    build_id = str(uuid4())
    whose = KEPT if request.keep else owner()
    builders = Builders(request.pull, _stand_ins(request.builders))
    if request.jobs is not None and request.jobs < 1:
        raise InputError(Problem(f"--jobs {request.jobs}", "at least 1"))
    with ExitStack() as stack:
        folder = stack.enter_context(build_folder(whose, place_of_folder(request, world)))
        plan, workspace = _plan(request, world, build_id, folder)
        if request.dry_run:
            return _dry_run(request, plan, world)
        secrets = read_secrets(request.secrets, world.environment)
        signer = _signer(request, world)
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
            from ctr_ci.verbs.run_shell import with_shell

            plan, options = with_shell(request.shell, plan, options)
        engine = connect(request.engine, world.environment)
        stack.callback(engine.close)
        build = Build(build_id, whose, folder, folder / "workspace")
        site = Site(plan, engine, build, options, secrets, lambda problem: _tell(world, (problem.render(),)))
        stack.callback(site.close)
        reaping = _reap(engine, folder.parent)
        workspace = workspace or _prepare(request, world, folder)
        origin = Origin(workspace.source, *gates.origin())
        from ctr_ci.verbs.run_record import recorded
        from ctr_ci.verbs.run_summary import exit_of, how_to_look, summary

        outcome, found, path = recorded(request, world, site, origin, gates)
        if signer is not None:
            signer(found, path)
        reaping.join(timeout=5)
        if outcome.kept:
            (folder / KEPT).touch()
            _tell(world, how_to_look(outcome, found, plan, build))
    if request.format == "text" and not request.quiet:
        person = request.shell is None and world.err.isatty()
        pushes = request.push is not None
        _tell(world, summary(outcome, found, path, world.root, pushes=pushes, person=person))
    code = exit_of(outcome)
    if request.push is not None and code is Exit.DONE:
        from ctr_ci.verbs import publish  # a run that does not push needs no TLS and no compressor

        return publish.publish(replace(request.push, record=path))
    return code


def _signer(request: Request, world: World) -> Callable[[Record, Path], None] | None:
    """What signs the record in its file, where that was asked for: its key is read before the build."""
    if request.sign_record is None:
        return None
    from ctr_ci import record
    from ctr_ci.verbs import record_seal

    key = record_seal.signer(request.sign_record, world.environment)
    return lambda found, path: record.write(path, record_seal.sign(found, key))


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
    from ctr_ci.workspace import prepare

    made = prepare(
        str(fetched or source), folder / "workspace", environment=world.environment, ignore_file=ignore
    )
    return made if fetched is None else replace(made, source=(("kind", "storage"), ("path", source)))


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


def _reap(engine: Engine, folders: Path) -> threading.Thread:
    """Removes in the background what killed runs left; a failure is for `clean` to tell."""

    def work() -> None:
        with suppress(CtrCiError):
            reap(engine, folders)

    thread = threading.Thread(target=work, name="ctr-ci-reap", daemon=True)
    thread.start()
    return thread
