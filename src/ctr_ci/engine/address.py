"""Where the engine is: a URL from the command line, the environment, or the docker context.

Reads the docker CLI's context files for the address alone; logins are never looked at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from ctr_ci.problem import InputError, Problem
from ctr_ci.value import value

DEFAULT = "unix:///var/run/docker.sock"
SCHEMES = ("unix://", "tcp://", "http://", "https://", "ssh://")


@value
class Address:
    """`certificates`: the folder with ca.pem, cert.pem and key.pem where the engine speaks TLS."""

    url: str
    certificates: str = ""

    @property
    def socket(self) -> str:
        """The path of a unix socket, "" for any other address."""
        return self.url.removeprefix("unix://") if self.url.startswith("unix://") else ""


def locate(url: str | None, environment: Mapping[str, str]) -> Address:
    """The engine's address: `url`, else DOCKER_HOST, else the context (DOCKER_CONTEXT or the
    current one), else the default socket. Raises InputError for an unusable one."""
    chosen = url or environment.get("DOCKER_HOST") or _of_context(environment) or DEFAULT
    if chosen.startswith("/"):
        chosen = f"unix://{chosen}"
    if not chosen.startswith(SCHEMES):
        raise InputError(
            Problem(
                f"engine address {chosen!r}",
                expected=f"a URL that starts with {', '.join(SCHEMES)}",
                help=f"for example --engine {DEFAULT}",
            )
        )
    certificates = ""
    if chosen.startswith("https://") or environment.get("DOCKER_TLS_VERIFY"):
        home = environment.get("HOME", "")
        certificates = environment.get("DOCKER_CERT_PATH") or (f"{home}/.docker" if home else "")
    return Address(chosen, certificates)


def _of_context(environment: Mapping[str, str]) -> str:
    """The address of the docker CLI's context, "" for its default one."""
    home = environment.get("DOCKER_CONFIG") or (
        f"{environment['HOME']}/.docker" if environment.get("HOME") else ""
    )
    if not home:
        return ""
    name = environment.get("DOCKER_CONTEXT") or _text(Path(home, "config.json"), "currentContext")
    if not name or name == "default":
        return ""
    meta = Path(home, "contexts", "meta", sha256(name.encode()).hexdigest(), "meta.json")
    found = _text(meta, "Endpoints", "docker", "Host")
    if not found and environment.get("DOCKER_CONTEXT"):
        raise InputError(
            Problem(
                f"docker context {name!r} has no address",
                expected=f"a context in {home}/contexts",
                help="`docker context ls` lists them; or unset DOCKER_CONTEXT",
            )
        )
    return found


def _text(path: Path, *keys: str) -> str:
    """The text under `keys` in a JSON file, "" where file, key or text is missing."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return ""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""
