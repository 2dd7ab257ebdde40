"""An engine on another machine, through the user's own `ssh`: one connection that forwards a socket.

The user's configuration, keys and agent are ssh's business; it is never asked for a password here. What
ssh runs at the other end is `cat`, which ends with us: killed, we leave no connection behind.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile, gettempdir, mkdtemp
from urllib.parse import urlsplit

from ctr_ci.engine import failure
from ctr_ci.engine.address import Address
from ctr_ci.engine.api import Bind
from ctr_ci.engine.local import LocalEngine
from ctr_ci.engine.mark import FOLDER, mark
from ctr_ci.problem import InputError, Problem, WorldError

SOCKET = "/var/run/docker.sock"  # at the other end, where the URL names no other
PATIENCE_S = 60.0
LONGEST_PLACE = 52  # bytes: our end lies below it, and ssh gives a socket's path 107 at most
OPTIONS = (
    "BatchMode=yes",
    "ConnectTimeout=30",
    "ExitOnForwardFailure=yes",
    "ServerAliveInterval=15",
    "StreamLocalBindMask=0177",
)


class SshEngine(LocalEngine):
    """An `Engine` at `ssh://[USER@]HOST[:PORT][/SOCKET]`."""

    def __init__(self, address: Address, environment: Mapping[str, str]) -> None:
        self._tunnel = Tunnel(address.url, environment)
        try:
            super().__init__(Address(f"unix://{self._tunnel.socket}"))
        except WorldError as error:
            why = self._tunnel.said() or error.problems[0].found
            self._tunnel.close()
            raise failure.unreachable(address.url, why) from error

    @property
    def socket(self) -> str:
        return ""  # ours is only the end of a tunnel

    def theirs(self, path: str) -> str | None:
        return None

    def close(self) -> None:
        super().close()
        self._tunnel.close()

    def _seen(self, bind: Bind) -> Bind:
        return bind


class Tunnel:
    """`socket` leads to the engine's at the other end, until `close`."""

    def __init__(self, url: str, environment: Mapping[str, str]) -> None:
        place = gettempdir() if len(os.fsencode(gettempdir())) <= LONGEST_PLACE else "/tmp"
        self._folder = Path(mkdtemp(prefix=f"{FOLDER}{mark()}-", dir=place))  # open to nobody else
        self.socket = self._folder / "engine"
        self._errors = TemporaryFile()  # noqa: SIM115  closed in `close`
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = subprocess.Popen(
                command(url, self.socket),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                env=dict(environment) or None,
                start_new_session=True,  # Ctrl-C is for us: the engine is needed to clean up
            )
            self._wait(url)
        except FileNotFoundError as error:
            self.close()
            raise WorldError(Problem("no program `ssh`", "one, for an engine at ssh://")) from error
        except BaseException:
            self.close()
            raise

    def said(self) -> str:
        """What ssh complained of, on one line."""
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").split("\n")
        return "; ".join(line.strip() for line in lines if line.strip())

    def close(self) -> None:
        """May be called twice."""
        if self._process is not None:
            assert self._process.stdin is not None
            with suppress(OSError):
                self._process.stdin.close()
            self._process.terminate()
            self._process.wait()
        self._errors.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _wait(self, url: str) -> None:
        assert self._process is not None
        deadline = time.monotonic() + PATIENCE_S
        while not self.socket.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                why = self.said() or "ssh does not get there"
                help = f"try it: ssh -o BatchMode=yes {urlsplit(url).hostname} docker version"
                raise WorldError(
                    Problem(f"no container engine at {url}: {why}", "a host that ssh need not ask for", help)
                )
            time.sleep(0.02)


def command(url: str, socket: Path) -> list[str]:
    """The command line that makes `socket` lead to the engine of an ssh URL. Raises InputError."""
    parts = urlsplit(url)
    host = f"{parts.username}@{parts.hostname}" if parts.username else parts.hostname or ""
    try:
        port = parts.port
    except ValueError:
        port = 0
    if not host or host.startswith("-") or port == 0 or parts.password is not None:
        raise InputError(Problem(f"engine address {url!r}", "ssh://[USER@]HOST[:PORT][/SOCKET]"))
    there = parts.path if len(parts.path) > 1 else SOCKET
    options = [word for option in OPTIONS for word in ("-o", option)]
    where = ["-p", str(port)] if port is not None else []
    return ["ssh", "-T", *options, *where, "-L", f"{socket}:{there}", "--", host, "cat"]
