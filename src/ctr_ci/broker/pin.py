"""Holds what was found in the workspace, so that the engine mounts that and nothing else.

Between our look at a path and the engine's mount a step may put a link in its place, and the engine
would follow it anywhere. So the engine is not given the path: a folder is mounted by way of our open
descriptor of it, a file by a second name in a folder that no step reaches.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
import threading
from contextlib import suppress
from pathlib import Path

from ctr_ci.broker.body import Json
from ctr_ci.broker.client import Client, dial
from ctr_ci.broker.name import suffix
from ctr_ci.broker.scope import Scope
from ctr_ci.engine import BUILD_LABEL, OWNER_LABEL

PIN_LABEL = "ctr-ci.pin"


class Pins:
    """What is held for one build. Safe to use from several threads.

    Where the engine does not share our view of the file system (another host, another mount
    namespace) or a file lies on another one than our folder, the path has to do.
    """

    def __init__(self, client: Client, scope: Scope, folder: Path) -> None:
        self._client = client
        self._scope = scope
        self._folder = folder / "held"
        self._folder.mkdir(exist_ok=True)
        self._shares = _shares_mounts(client.path)
        self._lock = threading.Lock()
        self._held: dict[tuple[int, int], str] = {}
        self._given: dict[str, str] = {}
        self._open: list[int] = []

    def hold(self, descriptor: int, path: str, given: str) -> str:
        """What the engine shall mount: a volume's name, or a path. `given` is the step's word for it."""
        about = os.fstat(descriptor)
        key = (about.st_dev, about.st_ino)
        with self._lock:
            if key not in self._held:
                name = f"held-{len(self._held)}"
                if stat.S_ISDIR(about.st_mode):
                    held = self._folder_held(descriptor, name) if self._shares else None
                else:
                    held = self._file_held(descriptor, name) if stat.S_ISREG(about.st_mode) else None
                if held is None:
                    return path
                self._held[key] = held
                self._given[(self._scope.theirs(held) if held.startswith("/") else None) or held] = given
            return self._held[key]

    def given(self, held: str) -> str:
        """The step's word for what `hold` has answered, as the engine calls it; "" where it has not."""
        return self._given.get(held, "")

    def close(self) -> None:
        """Lets go of all; the volumes are removed by whoever removes what carries our labels."""
        with self._lock:
            while self._open:
                os.close(self._open.pop())
            for path in self._folder.iterdir():
                path.unlink()
            with suppress(OSError):
                self._folder.rmdir()

    def _folder_held(self, descriptor: int, name: str) -> str | None:
        own = os.dup(descriptor)
        scope = self._scope
        labels: dict[str, Json] = dict(scope.labels)
        labels |= {BUILD_LABEL: scope.build_id, OWNER_LABEL: scope.owner, PIN_LABEL: ""}
        body: Json = {
            "Name": name + suffix(scope.build_id),
            "Driver": "local",
            "DriverOpts": {"type": "none", "o": "bind", "device": f"/proc/{os.getpid()}/fd/{own}"},
            "Labels": labels,
        }
        status, _ = self._client.ask("POST", "/volumes/create", body)
        if status != 201:
            os.close(own)
            return None
        self._open.append(own)
        return name + suffix(scope.build_id)

    def _file_held(self, descriptor: int, name: str) -> str | None:
        path = self._folder / name
        here = os.open(self._folder, os.O_PATH | os.O_DIRECTORY)
        try:
            # Only with a folder does Python use the call that follows the link of /proc.
            os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=here, follow_symlinks=True)
        except OSError:
            return None
        finally:
            os.close(here)
        return str(path)


def _shares_mounts(engine_socket: str) -> bool:
    """Does the process behind the socket see the mounts and processes that we see?"""
    try:
        with dial(engine_socket) as wire:
            size = struct.calcsize("3i")
            pid, _, _ = struct.unpack("3i", wire.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
        return pid > 0 and all(
            os.readlink(f"/proc/{pid}/ns/{kind}") == os.readlink(f"/proc/self/ns/{kind}")
            for kind in ("mnt", "pid")
        )
    except OSError:
        return False
