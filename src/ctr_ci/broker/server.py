"""The broker's sockets: one a step, each passing to the engine what `allow` lets through."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from ctr_ci.broker.client import Client
from ctr_ci.broker.exchange import Exchange
from ctr_ci.broker.follow import Follower
from ctr_ci.broker.made import Made, View
from ctr_ci.broker.note import Note
from ctr_ci.broker.pin import Pins
from ctr_ci.broker.scope import Scope
from ctr_ci.problem import Problem, WorldError

CONNECTIONS = 512  # of one step at a time; further ones wait to be accepted


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
        client = Client(engine_socket)
        client.ask("GET", "/_ping")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        self._folder = folder
        self._made = Made(scope, client)
        self._follower = Follower(self._made, client, notes, clock)
        self._pins = Pins(client, scope, folder)
        self._engine_socket = engine_socket
        self._lock = threading.Lock()
        self._doors: dict[int, _Door] = {}
        self._closed = False

    def socket(self, step: int) -> Path:
        """The listening socket of a step (made at the first call), to be bound at
        /var/run/docker.sock in its container."""
        with self._lock:
            if self._closed:
                raise ValueError("the broker is closed")
            if step not in self._doors:
                path = self._folder / f"step-{step}.sock"
                view = View(self._made, step, path, self._pins)
                self._doors[step] = _Door(path, view, self._follower, self._engine_socket)
            return self._doors[step].path

    def settle(self, step: int) -> None:
        """Waits until all that the step's ended containers did is noted. Call it when the step's own
        container has ended, before saying that the step has finished."""
        self._follower.settle(step)

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            doors = tuple(self._doors.values())
        for door in doors:
            door.close()
        try:
            kept = self._follower.remove_all()
        finally:
            self._pins.close()
            with suppress(OSError):
                self._folder.rmdir()
        if kept:
            raise WorldError(
                *(Problem(f"could not remove {what}", help="`ctr-ci clean` tries again") for what in kept)
            )

    def __enter__(self) -> Broker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Door:
    """One step's listening socket, and its connections."""

    def __init__(self, path: Path, view: View, follower: Follower, engine_socket: str) -> None:
        self.path = path
        self._view = view
        self._follower = follower
        self._engine_socket = engine_socket
        self._lock = threading.Lock()
        self._open: dict[Exchange, threading.Thread] = {}
        self._room = threading.Semaphore(CONNECTIONS)
        self._listening = _listen(path)
        self._thread = threading.Thread(target=self._accept, name="broker-door", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends every connection; returns when all its threads have."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()
        self.path.unlink(missing_ok=True)
        with self._lock:
            open_now = dict(self._open)
        for exchange in open_now:
            exchange.close()
        for thread in open_now.values():
            thread.join(10)

    def _accept(self) -> None:
        while True:
            self._room.acquire()
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            exchange = Exchange(client, self._engine_socket, self._view, self._follower)
            serving = (exchange, client)
            thread = threading.Thread(target=self._serve, args=serving, name="broker-call", daemon=True)
            with self._lock:
                self._open[exchange] = thread
            thread.start()

    def _serve(self, exchange: Exchange, client: socket.socket) -> None:
        try:
            exchange.run()
        finally:
            with self._lock:
                del self._open[exchange]
            client.close()
            self._room.release()


def _listen(path: Path) -> socket.socket:
    """A socket that any user of a step's container can open; the folder keeps the host's users out."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        # By way of the folder's descriptor: the whole path may be longer than an address can be.
        made.bind(f"/proc/self/fd/{folder}/{path.name}")
        path.chmod(0o666)
        made.listen(CONNECTIONS)
    except BaseException:
        made.close()
        raise
    finally:
        os.close(folder)
    return made
