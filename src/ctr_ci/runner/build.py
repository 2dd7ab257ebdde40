"""What a run is told, and what it comes to. Values only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from ctr_ci.events import GateDecided
from ctr_ci.problem import CtrCiError, Problem
from ctr_ci.runner.images import Builders
from ctr_ci.runner.shell import Shell
from ctr_ci.value import value

Judge = Callable[[], Iterator[GateDecided]]


@value
class Build:
    """Which build this is. `folder` is ours alone and goes away at the end; `workspace` lies in it."""

    id: str
    owner: str
    folder: Path
    workspace: Path


@value
class Origin:
    """Where it comes from, as the record says it."""

    source: tuple[tuple[str, str | bool | None], ...] = ()
    policy_path: str = ""
    policy_digest: str = ""


@value
class Options:
    """`docker`: what steps find at /var/run/docker.sock: our broker, the engine itself, or nothing.
    `network` "": one of the build's own. `jobs`: steps at once. `skip`: steps that are not run.
    `failing`: verdicts of gates that fail the build. `keep`: a failed build is left to look at.
    `shell`: one in a step's place. `carry_files`: the engine does not see this machine's folders;
    so it is taken to be where it has no unix socket.
    `grants`: pairs of a step's index and a rule of the broker that its containers may break."""

    builders: Builders = Builders()
    docker: Literal["broker", "engine", "none"] = "broker"
    push: Literal["held", "refused"] = "held"
    network: str = ""
    jobs: int | None = None
    skip: frozenset[int] = frozenset()
    memory_bytes: int | None = None
    failing: frozenset[str] = frozenset({"failed"})
    keep: bool = False
    shell: Shell | None = None
    carry_files: bool = False
    grants: tuple[tuple[int, str], ...] = ()


@value
class Outcome:
    """`status` as in events.BuildFinished; `error`: whose fault it is where it is not the work's;
    `signal`: the one that stopped the build, 0 for none; `kept`: containers left to look at."""

    status: str
    problem: Problem | None = None
    error: CtrCiError | None = None
    signal: int = 0
    kept: tuple[str, ...] = ()
