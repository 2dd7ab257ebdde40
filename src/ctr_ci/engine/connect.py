"""Opens an engine: the plain wire for a unix socket, ssh's tunnel to one, docker-py for tcp and TLS."""

from __future__ import annotations

from collections.abc import Mapping

from ctr_ci.engine.address import locate
from ctr_ci.engine.api import Engine


def connect(url: str | None = None, environment: Mapping[str, str] = {}) -> Engine:
    """The engine at `url`, else where DOCKER_HOST or the docker context says, else at the default
    socket. It has answered once. Raises WorldError where it cannot be reached."""
    address = locate(url, environment)
    if address.socket:
        from ctr_ci.engine.local import LocalEngine

        return LocalEngine(address)
    if address.url.startswith("ssh://"):
        from ctr_ci.engine.ssh import SshEngine

        return SshEngine(address, environment)
    from ctr_ci.engine.docker import DockerEngine

    return DockerEngine(address)
