"""What belongs to one build, and so may be used by its steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

# Rules about what one container may do to its host; all others guard other builds, and stay.
GRANTABLE = (
    "privileged",
    "capabilities",
    "security-opt",
    "devices",
    "sysctls",
    "masked-paths",
    "runtime",
    "host-namespace",
    "host-path",
)


def _same(path: str) -> str | None:
    return path


@dataclass(frozen=True, slots=True)
class Scope:
    """The build that a broker serves.

    `owner` is the value of OWNER_LABEL. `labels` are put on all that is made, beside BUILD_LABEL and
    OWNER_LABEL, which are added from `build_id` and `owner`. `workspace` is the host folder that
    steps see at /workspace. `volumes` pairs a path in the steps' containers with an absolute host
    path or a volume's name: /builder/home, declared volumes. `network` is the real name of the
    network that steps know as "cloudbuild" ("" for none). Limits are those of a container that asks
    for none, and the most that it may ask for; None: no limit. `grants` pairs a step's index with a rule
    of GRANTABLE that its containers may break, because the user says so.
    `told` is what the config itself says in its steps and under `images:`, and `project` the build's
    project: image names that stand there, or below it, are the build's to give, though they were pulled.
    `theirs` is what the engine's host calls a path of ours, None where it cannot see it.
    """

    build_id: str
    owner: str
    workspace: Path
    labels: tuple[tuple[str, str], ...] = ()
    volumes: tuple[tuple[str, str], ...] = ()
    network: str = ""
    push: Literal["held", "refused"] = "held"
    memory_bytes: int | None = None
    pids_limit: int | None = 4096
    no_new_privileges: bool = True
    grants: tuple[tuple[int, str], ...] = ()
    told: tuple[str, ...] = ()
    project: str = ""
    theirs: Callable[[str], str | None] = _same
