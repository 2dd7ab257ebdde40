"""The broker's sockets: one a step, each passing to the engine what `allow` lets through."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from ctr_ci.broker.note import Note
from ctr_ci.broker.scope import Scope


class Broker:
    """Serves the steps of one build; a context manager, and `close` may be called twice.

    `folder` is made (0700) and holds the sockets. `notes` is called from the broker's threads, one
    call at a time; a note comes before the step sees the answer that it is about. `close` stops
    serving, notes the containers that still run, and removes every container, network and volume that
    steps made. Raises WorldError where the engine cannot be reached.
    """

    def __init__(
        self,
        engine_socket: str,
        folder: Path,
        scope: Scope,
        notes: Callable[[Note], None],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        raise NotImplementedError

    def socket(self, step: int) -> Path:
        """The listening socket of a step (made at the first call), to be bound at
        /var/run/docker.sock in its container."""
        raise NotImplementedError

    def settle(self, step: int) -> None:
        """Waits until all that the step's ended containers did is noted. Call it when the step's own
        container has ended, before saying that the step has finished."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Broker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
