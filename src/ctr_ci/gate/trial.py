"""Checks that run the image: a container of its own for each, without network, removed afterwards.

Each answers "" where the image passes, else why not. The container runs the image's ID, so no name
that moves meanwhile can change what was tested.
"""

from __future__ import annotations

import re
import shlex
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic

from ctr_ci.engine import CannotStart, ContainerSpec, Engine, Image
from ctr_ci.gate import searching
from ctr_ci.gate.policy import Command, Healthcheck
from ctr_ci.problem import WorldError
from ctr_ci.value import replace

OUTPUT_LIMIT = 1 << 20  # bytes of each stream that a test may look at


@dataclass(frozen=True, slots=True)
class Bench:
    """Where trials run; `labels` must hold BUILD_LABEL and OWNER_LABEL."""

    engine: Engine
    labels: tuple[tuple[str, str], ...]
    memory_bytes: int | None = None

    def spec(
        self, image_id: str, entrypoint: tuple[str, ...] | None = None, command: tuple[str, ...] | None = None
    ) -> ContainerSpec:
        return ContainerSpec(
            image=image_id,
            labels=self.labels,
            entrypoint=entrypoint,
            command=command,
            memory_bytes=self.memory_bytes,
            pids_limit=4096,
        )


@dataclass(slots=True)
class Said:
    """What a container printed, and how it ended; `refused` says why it never started."""

    code: int = 0
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)
    in_time: bool = True
    refused: str = ""


def command(image: Image, check: Command, bench: Bench) -> str:
    spec = replace(bench.spec(image.id, check.entrypoint, check.argv), healthcheck=False)
    with container_of(bench, spec) as container:
        said = run(container, bench, check.within_s)
    shown = shlex.join(check.argv)
    if said.refused:
        return f"`{shown}` {said.refused}"
    if not said.in_time:
        return f"`{shown}` did not end within {check.within_s:g} s"
    if said.code != check.exit:
        return f"`{shown}` ended with exit {said.code}, not {check.exit}{last(said)}"
    for name, pattern, text in (("stdout", check.stdout, said.stdout), ("stderr", check.stderr, said.stderr)):
        if pattern is not None and not finds(pattern, text):
            return f"`{shown}` printed no {pattern!r} on {name}"
    return ""


def healthcheck(image: Image, check: Healthcheck, bench: Bench) -> str:
    with container_of(bench, bench.spec(image.id)) as container:
        ended = threading.Event()
        codes: list[int] = []

        def wait() -> None:
            with suppress(WorldError):
                codes.append(bench.engine.wait(container))
            ended.set()

        try:
            bench.engine.start(container)
        except CannotStart as error:
            return f"it did not start: {error.problems[0].found}"
        thread = threading.Thread(target=wait, name="gate-wait", daemon=True)
        thread.start()
        deadline = monotonic() + check.within_s
        seen = "starting"
        while monotonic() < deadline:
            seen = bench.engine.health(container)
            if seen == "healthy":
                return ""
            if seen in ("unhealthy", "none") or ended.wait(0.1):
                break
        if seen == "none":
            return "it has no HEALTHCHECK"
        # The engine calls a container unhealthy, too, that has just ended: then its end is the news.
        if ended.wait(0.5) and codes:
            return f"it ended with exit {codes[0]} before it was healthy"
        return f"it was {seen} after {check.within_s:g} s" if seen == "starting" else f"it became {seen}"


def finds(pattern: str, text: bytes | bytearray) -> bool:
    return searching.found(pattern, text.decode("utf-8", "replace"), re.MULTILINE)


def last(said: Said) -> str:
    lines = (said.stderr or said.stdout).decode("utf-8", "replace").strip().splitlines()
    return f": {lines[-1][:200]}" if lines else ""


@contextmanager
def container_of(bench: Bench, spec: ContainerSpec) -> Iterator[str]:
    container = bench.engine.create(spec)
    try:
        yield container
    finally:
        bench.engine.remove(container)


def run(container: str, bench: Bench, within_s: float, terminal: bool = False) -> Said:
    """Starts a container that was created, and hears it to its end. `terminal`: it was created with one,
    on which both streams are one."""
    engine, said = bench.engine, Said()
    with _heard(engine, container, terminal) as heard:
        try:
            engine.start(container)
        except CannotStart as error:
            said.refused = f"did not start: {error.problems[0].found}"
            return said

        def stop() -> None:
            said.in_time = False
            with suppress(WorldError):
                engine.kill(container)

        timer = threading.Timer(within_s, stop)
        timer.daemon = True
        timer.start()
        try:
            for stream, data in heard:
                kept = said.stdout if stream == "stdout" else said.stderr
                kept += data[: max(OUTPUT_LIMIT - len(kept), 0)]
            said.code = engine.wait(container)
        finally:
            timer.cancel()
    return said


@contextmanager
def _heard(engine: Engine, container: str, terminal: bool) -> Iterator[Iterator[tuple[str, bytes]]]:
    """What a container will print, by stream."""
    if terminal:
        with closing(engine.terminal(container)) as screen:
            yield (("stdout", data) for data in iter(screen.receive, b""))
    else:
        with closing(engine.attach(container)) as attached:
            yield ((output.stream, output.data) for output in attached)
