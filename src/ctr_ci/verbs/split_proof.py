"""Builds the old file and the new one, and holds the images against each other; leaves none behind."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from time import sleep
from typing import TextIO
from uuid import uuid4

from ctr_ci.dockerfile import Dockerfile
from ctr_ci.engine import (
    BUILD_LABEL,
    OWNER_LABEL,
    BuildFailed,
    BuildLine,
    CannotStart,
    ContainerSpec,
    Engine,
    connect,
)
from ctr_ci.image import Contents, contents
from ctr_ci.problem import Problem, WorldError
from ctr_ci.runner import owner
from ctr_ci.split import TRIAL, Check, Proof, Split, compare, left_behind, program
from ctr_ci.value import replace
from ctr_ci.verbs.split_context import BuildContext

TRIES, WAIT_S = 20, 0.25  # of removing what a build that was broken off still holds
OUTPUT_LIMIT = 1 << 20  # bytes of each stream that are compared


@dataclass(frozen=True, slots=True)
class Trial:
    """How a split is proven: `checks` are commands to run in both images; `within_s` is how long one may
    take; `keep_images` leaves both images; `arguments` are the build's."""

    checks: tuple[str, ...] = ()
    within_s: int = 60
    keep_images: bool = False
    arguments: tuple[tuple[str, str], ...] = ()
    engine: str | None = None
    verbose: bool = False


def prove(
    dockerfile: Dockerfile,
    made: Split,
    context: BuildContext,
    trial: Trial,
    environment: Mapping[str, str],
    stderr: TextIO,
) -> Proof:
    """Raises BuildFailed where one of the files does not build, WorldError."""
    source = dockerfile.source
    engine = connect(trial.engine, environment)
    try:
        ids: list[str] = []
        with _leaving(engine, ids if trial.keep_images else []) as built:
            texts = {f"{TRIAL}.old": source.encode(), f"{TRIAL}.new": source.encode(made.text)}
            buildkit = needs_buildkit(dockerfile)
            for name, text in texts.items():
                which = name.rpartition(".")[2]
                print(f"building the {which} file", file=stderr)
                archive = context.tar(texts if buildkit else {TRIAL: text})
                place = name if buildkit else TRIAL
                build = partial(engine.build, archive, place, arguments=trial.arguments, buildkit=buildkit)
                ids.append(_built(build, which, source.path, built, stderr if trial.verbose else None))
            old, new = (_contents(engine, one) for one in ids)
            checks = [*compare(old, new, made), _loads(engine, ids[1], new, trial)]
            checks += [_same(engine, ids[0], ids[1], command, trial) for command in trial.checks]
            return Proof(old.weight, new.weight, tuple(checks), left_behind(old, new))
    finally:
        engine.close()


@contextmanager
def _leaving(engine: Engine, kept: list[str]) -> Iterator[list[str]]:
    """Collects the IDs of images that builds name, and removes those that were not there before but for
    the kept ones. A build that was broken off holds its last image until its container is gone."""
    before = engine.image_ids()
    built: list[str] = []
    try:
        yield built
    finally:
        for _ in range(TRIES):
            ours = _ours(engine, built, {*before, *kept})
            for one in ours:
                engine.remove_image(one)
            if kept or not ours or not _ours(engine, ours, set()):  # a kept image keeps those below it
                break
            sleep(WAIT_S)


def _ours(engine: Engine, built: list[str], others: set[str]) -> list[str]:
    """The full IDs of what was built and is there, the newest first."""
    there = engine.image_ids() - others
    starts = [f"sha256:{one.removeprefix('sha256:')}" for one in reversed(dict.fromkeys(built))]
    return [image for start in starts for image in there if image.startswith(start)]


def _built(
    build: Callable[[], Iterator[BuildLine]], which: str, path: str, built: list[str], log: TextIO | None
) -> str:
    """The ID of what a build makes; adds every image that it names to `built`."""
    made = ""
    try:
        for line in build():
            if line.image_id:
                built.append(line.image_id)
                made = line.image_id
            elif log is not None:
                print(f"  {line.text}", file=log)
    except BuildFailed as error:
        found = [replace(one, found=f"the {which} file: {one.found}", path=path) for one in error.problems]
        raise BuildFailed(*found) from error
    return made


def needs_buildkit(dockerfile: Dockerfile) -> bool:
    """Whether a file has what the classic builder does not know."""
    for one in dockerfile.instructions:
        known = {"chown", "from", "platform", "interval", "timeout", "start-period", "retries"}
        if one.heredocs or any(flag.name not in known for flag in one.flags):
            return True
    return False


def _contents(engine: Engine, image_id: str) -> Contents:
    image = engine.image(image_id)
    if image is None:
        raise WorldError(Problem(f"the image {image_id} that was just built is gone", help="run it again"))
    return contents(engine.export(image.id), engine_bytes=image.size_bytes, where=image_id)


def _loads(engine: Engine, image_id: str, new: Contents, trial: Trial) -> Check:
    """Asks the image's own loader whether it could load what is started: versions of symbols, too."""
    state = new.state
    first = program(state)
    chain = [first, *state.interpreter(first)] if first else []
    binary = next((path for path in chain if path in state.binaries), "")
    loader = state.binaries[binary].interpreter if binary else ""
    if not loader:
        return Check("loader", (), "a static program: nothing to load" if binary else "no binary is started")
    said = _run(engine, image_id, (loader, "--list", f"/{binary}"), trial.within_s)
    lines = said.text.splitlines()
    wrong = tuple(line.strip() for line in lines if "not found" in line or "rror" in line)
    if said.refused:
        wrong = (said.refused,)
    elif said.code and not wrong:
        wrong = (f"the loader ended with exit {said.code}",)
    return Check("loader", wrong, f"the image's own loader loads /{binary}")


def _same(engine: Engine, old: str, new: str, command: str, trial: Trial) -> Check:
    """Runs a command in both images, without network, and compares exit code and output."""
    words = tuple(shlex.split(command))
    before, after = (_run(engine, one, words, trial.within_s) for one in (old, new))
    reasons = []
    if after.refused or before.refused:
        if after.refused != before.refused:
            reasons.append(after.refused or f"only in the old image: {before.refused}")
    elif after.code != before.code:
        reasons.append(
            f"exit {after.code}, and {before.code} in the old image{_last(after.err or after.out)}"
        )
    else:
        reasons += [
            f"other {name}: {_last(now)[2:] or 'nothing'!r}, not {_last(was)[2:] or 'nothing'!r}"
            for name, was, now in (
                ("output", before.out, after.out),
                ("standard error", before.err, after.err),
            )
            if was != now
        ]
    return Check(f"`{command}`", tuple(reasons), f"exit {after.code}, the same output in both")


def _last(text: bytes) -> str:
    lines = text.decode("utf-8", "replace").strip().splitlines()
    return f": {lines[-1][:200]}" if lines else ""


@dataclass(slots=True)
class _Said:
    code: int = 0
    out: bytes = b""
    err: bytes = b""
    refused: str = ""

    @property
    def text(self) -> str:
        return (self.out + self.err).decode("utf-8", "replace")


def _run(engine: Engine, image_id: str, words: tuple[str, ...], within_s: int) -> _Said:
    """Runs words in place of an image's own command, as its own user, and hears them to their end."""
    labels = ((BUILD_LABEL, f"split-{uuid4().hex[:12]}"), (OWNER_LABEL, owner()))
    spec = ContainerSpec(
        image=image_id,
        labels=labels,
        entrypoint=words[:1],
        command=words[1:],
        pids_limit=4096,
        healthcheck=False,
    )
    said = _Said()
    try:
        container = engine.create(spec)
    except CannotStart as error:
        said.refused = error.problems[0].found
        return said
    try:
        with closing(engine.attach(container)) as attached:
            try:
                engine.start(container)
            except CannotStart as error:
                said.refused = error.problems[0].found
                return said
            late = threading.Event()

            def stop() -> None:
                late.set()
                with suppress(WorldError):
                    engine.kill(container)

            timer = threading.Timer(within_s, stop)
            timer.daemon = True
            timer.start()
            try:
                for piece in attached:
                    if piece.stream == "stdout":
                        said.out = (said.out + piece.data)[:OUTPUT_LIMIT]
                    else:
                        said.err = (said.err + piece.data)[:OUTPUT_LIMIT]
                said.code = engine.wait(container)
            finally:
                timer.cancel()
            if late.is_set():
                said.refused = f"did not end within {within_s} s"
    finally:
        engine.remove(container)
    return said
