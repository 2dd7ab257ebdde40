"""The container engine behind our own nouns (Docker Engine API 1.41 and later).

The front of the room: `connect` and the words of `api`. Knows containers, images, networks and
volumes; knows nothing of steps, builds or registries' logins.
"""

from __future__ import annotations

from ctr_ci.engine.api import (
    BUILD_LABEL,
    OWNER_LABEL,
    Attached,
    Bind,
    BuildFailed,
    BuildLine,
    CannotStart,
    ContainerSpec,
    Engine,
    Image,
    Output,
    Owned,
    Terminal,
)
from ctr_ci.engine.connect import connect
from ctr_ci.engine.mark import left, mark, start_ticks
from ctr_ci.engine.sight import container_id

__all__ = [
    "BUILD_LABEL",
    "OWNER_LABEL",
    "Attached",
    "Bind",
    "BuildFailed",
    "BuildLine",
    "CannotStart",
    "ContainerSpec",
    "Engine",
    "Image",
    "Output",
    "Owned",
    "Terminal",
    "connect",
    "container_id",
    "left",
    "mark",
    "start_ticks",
]
