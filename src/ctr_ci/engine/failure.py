"""An engine's refusals as problems that say what to do. Pure."""

from __future__ import annotations

import json

from ctr_ci.engine.api import BuildFailed, CannotStart
from ctr_ci.problem import CtrCiError, Problem, WorldError

FAULT_OF_THE_CONTAINER = ("OCI runtime create failed", "unable to find user", "No command specified")


def unreachable(url: str, why: str) -> WorldError:
    """No engine answers at `url`."""
    reasons = {
        "No such file": "nothing listens there",
        "refused": "nothing listens there",
        "Permission denied": "this user may not use it",
    }
    reason = next((said for sign, said in reasons.items() if sign in why), why)
    remedy = (
        "add this user to the engine's group (usually `docker`)"
        if "Permission" in why
        else "start Docker, or say where it is with --engine or DOCKER_HOST"
    )
    return WorldError(Problem(f"no container engine at {url}: {reason}", "a running engine", remedy))


def refused(call: str, status: int, body: bytes) -> WorldError:
    """The engine answered `call` with an error status."""
    message = said(body)
    if call in ("create", "start") and any(sign in message for sign in FAULT_OF_THE_CONTAINER):
        return CannotStart(Problem(_short(message)))
    if "no space left on device" in message:
        return WorldError(
            Problem(f"the engine's disk is full: {message}", help="`docker system df` says why")
        )
    return WorldError(Problem(f"the engine refused to {call} ({status}): {message}"))


def unbuilt(status: int, body: bytes) -> CtrCiError:
    """The engine did not begin a build: 400 where the Dockerfile is to blame."""
    if status == 400:
        return BuildFailed(Problem(f"the engine refused to build: {said(body)}"))
    return refused("build", status, body)


def said(body: bytes) -> str:
    """The message in an error answer."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace").strip()
    message = answer.get("message") if isinstance(answer, dict) else None
    return str(message or answer).strip()


def _short(message: str) -> str:
    """The end of runc's chain of causes, which is what the user can act on."""
    for sign in ("exec: ", "mkdir ", "chdir to cwd", "unable to find user"):
        if sign in message:
            return sign + message.split(sign, 1)[1].removesuffix(": unknown")
    return message.removesuffix(": unknown")


def odd(answer: bytes) -> Problem:
    """An answer that is not what the Engine API promises."""
    shown = answer[:200].decode("utf-8", "replace")
    return Problem(f"the engine answered {shown!r}", "a JSON object", "does a container engine listen there?")
