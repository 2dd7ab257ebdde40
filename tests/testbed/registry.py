"""A real registry (distribution 2.8) on a free loopback port, open or behind a password or a token."""

from __future__ import annotations

import http.client
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import bcrypt

from testbed.debian import Missing, command
from testbed.token_service import TokenService

Auth = Literal["open", "htpasswd", "token"]
START_S = 15
PREFIX = "ctr-ci-registry-"


@dataclass(slots=True)
class Registry:
    """A running registry. `scopes_asked` is filled with token auth only; `log` is its log file."""

    host: str
    user: str
    password: str
    folder: Path
    process: subprocess.Popen[bytes]
    tokens: TokenService | None = None
    scopes_asked: list[str] = field(default_factory=list)

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def stop(self) -> None:
        """Ends registry and token service, and removes what was stored. May be called twice."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.tokens:
            self.tokens.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def start(
    auth: Auth = "open", user: str = "ci", password: str | None = None, expires_in_s: int = 300
) -> Registry:
    """A registry that answers; its password is made up unless given.

    Raises Missing where the program is not there and cannot be installed.
    """
    password = password or secrets.token_urlsafe(18)
    program = command("docker-registry")
    _reap()
    parent = "/dev/shm" if Path("/dev/shm").is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=parent))
    tokens = TokenService(folder, user, password, expires_in_s) if auth == "token" else None
    for _ in range(5):  # another process may take the port between our look and the registry's bind
        host = f"127.0.0.1:{_free_port()}"
        process = _serve(program, folder, host, _auth_section(auth, folder, user, password, tokens))
        if _answers(host, process):
            asked = tokens.scopes_asked if tokens else []
            return Registry(host, user, password, folder, process, tokens, asked)
        process.kill()
        process.wait()
    said = (folder / "log").read_text(errors="replace")[-2000:]
    if tokens:
        tokens.stop()
    shutil.rmtree(folder, ignore_errors=True)
    raise Missing(f"docker-registry did not start:\n{said}")


def _serve(program: str, folder: Path, host: str, auth: str) -> subprocess.Popen[bytes]:
    config = folder / "config.yml"
    config.write_text(
        f"""\
version: 0.1
log: {{level: warn, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}/storage}}, delete: {{enabled: true}}}}
http: {{addr: "{host}", secret: testbed, relativeurls: true}}
{auth}"""
    )
    # setpriv: the registry ends with the process that started it, also when that one is killed.
    guard = [tool, "--pdeathsig", "TERM"] if (tool := shutil.which("setpriv")) else []
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [*guard, program, "serve", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={"PATH": os.environ.get("PATH", "")},
        )


def _auth_section(auth: Auth, folder: Path, user: str, password: str, tokens: TokenService | None) -> str:
    if tokens:
        return (
            f"auth: {{token: {{realm: '{tokens.realm}', service: '{tokens.service}',"
            f" issuer: '{tokens.issuer}', rootcertbundle: {tokens.certificate}}}}}\n"
        )
    if auth == "htpasswd":
        hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()
        (folder / "htpasswd").write_text(f"{user}:{hashed}\n")
        return f"auth: {{htpasswd: {{realm: testbed, path: {folder}/htpasswd}}}}\n"
    return ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(host: str, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection(host, timeout=2)
        try:
            connection.request("GET", "/v2/")
            if connection.getresponse().status in (200, 401):
                return process.poll() is None
        except OSError:
            time.sleep(0.02)
        finally:
            connection.close()
    return False


def _reap() -> None:
    """Removes the storage of registries whose starter was killed."""
    for parent in {Path("/dev/shm"), Path(tempfile.gettempdir())}:
        for left in parent.glob(f"{PREFIX}*"):
            owner = left.name.removeprefix(PREFIX).split("-")[0]
            if owner.isdigit() and not Path(f"/proc/{owner}").exists():
                shutil.rmtree(left, ignore_errors=True)
