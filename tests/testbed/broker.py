"""A broker on a real engine, a step's container with a Docker command line behind it, and what came
of it: for tests that ask as steps ask."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ctr_ci.broker import Broker, Note, Scope
from testbed.debian import command


@dataclass
class Bench:
    """One build: `docker(...)` runs the engine's own command line in a step, `call(...)` sends bytes."""

    engine: str
    broker: Broker
    scope: Scope
    notes: list[Note]
    container: str
    containers: list[str] = field(default_factory=list)

    @property
    def workspace(self) -> Path:
        return self.scope.workspace

    def sh(self, script: str, step: int = 0, **env: str) -> Done:
        """A shell script in the step's container, in /workspace."""
        container = self.container if step == 0 else self._step(step)
        flags = [word for name, value in env.items() for word in ("-e", f"{name}={value}")]
        return direct(self.engine, "exec", *flags, "-w", "/workspace", container, "sh", "-c", script)

    def write(self, name: str, text: str) -> Path:
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def connect(self, step: int = 0) -> socket.socket:
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(60)
        made.connect(str(self.broker.socket(step)))
        return made

    def raw(self, sent: bytes, step: int = 0) -> bytes:
        """All that the broker answers to these bytes, until it closes."""
        with self.connect(step) as client:
            client.sendall(sent)
            received = b""
            try:
                while piece := client.recv(65536):
                    received += piece
            except ConnectionResetError:
                pass
            return received

    def call(
        self, method: str, target: str, body: object = None, headers: str = "", step: int = 0
    ) -> tuple[int, str]:
        """Status and text of the answer to one request; `body` is sent as JSON, bytes as they are."""
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        head = f"{method} {target} HTTP/1.1\r\nHost: d\r\nConnection: close\r\n{headers}"
        if sent or method == "POST":
            head += f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n"
        received = self.raw(head.encode("latin-1") + b"\r\n" + sent, step)
        answer, _, text = received.partition(b"\r\n\r\n")
        status = re.match(rb"HTTP/1\.1 (\d+)", answer)
        assert status, f"no HTTP answer: {received[:200]!r}"
        return int(status.group(1)), text.decode("utf-8", "replace")

    def _step(self, step: int) -> str:
        while len(self.containers) < step:
            number = len(self.containers) + 1
            self.containers.append(_start_step(self.engine, self.broker, self.scope, number))
        return self.containers[step - 1]


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


def direct(engine: str, *words: str, stdin: bytes = b"") -> Done:
    """A docker command line on the engine itself, as the machine's owner."""
    done = subprocess.run(
        [command("docker"), *words],
        env={"DOCKER_HOST": f"unix://{engine}", "PATH": os.environ["PATH"], "HOME": "/nonexistent"},
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return Done(
        done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    )


@contextmanager
def bench(engine: str, builder: str, push: Literal["held", "refused"] = "held") -> Iterator[Bench]:
    """A build with its broker, network and a step's container; all of it gone afterwards."""
    build_id = f"broker-test-{uuid.uuid4()}"
    notes: list[Note] = []
    lock = threading.Lock()

    def note(seen: Note) -> None:
        with lock:
            notes.append(seen)

    with tempfile.TemporaryDirectory(prefix="ctr-ci-test-") as scratch:
        workspace, home = Path(scratch, "workspace"), Path(scratch, "home")
        workspace.mkdir()
        home.mkdir()
        network = f"{build_id}-net"
        labels = ("--label", f"ctr-ci.build={build_id}")
        assert direct(engine, "network", "create", *labels, network).code == 0
        scope = Scope(
            build_id,
            "test/0/0",
            workspace,
            volumes=(("/builder/home", str(home)),),
            network=network,
            push=push,
        )
        made: Bench | None = None
        try:
            with Broker(engine, Path(scratch, "s"), scope, note) as broker:
                container = _start_step(engine, broker, scope, 0, builder)
                made = Bench(engine, broker, scope, notes, container)
                try:
                    yield made
                finally:
                    direct(engine, "rm", "-f", made.container, *made.containers)
        finally:
            direct(engine, "network", "rm", network)


def _start_step(
    engine: str, broker: Broker, scope: Scope, step: int, builder: str = "gcr.io/cloud-builders/docker"
) -> str:
    done = direct(
        engine,
        *("run", "-d", "--network", scope.network, "--label", f"ctr-ci.build={scope.build_id}"),
        *("-v", f"{broker.socket(step)}:/var/run/docker.sock", "-v", f"{scope.workspace}:/workspace"),
        *("-v", f"{dict(scope.volumes)['/builder/home']}:/builder/home", "-e", "HOME=/builder/home"),
        *("-e", "SECRET=of-another-step", "--entrypoint", "sleep", builder, "1000"),
    )
    assert done.code == 0, done.err
    return done.out.strip()
