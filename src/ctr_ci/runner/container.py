"""What a step's container is, in Cloud Build's terms (`dockerRunArgs` of cloud-build-local). Pure."""

from __future__ import annotations

from ctr_ci.engine import Bind, ContainerSpec
from ctr_ci.plan import Step
from ctr_ci.runner.ground import HOME, OUTPUTS, SCRIPT

DOCKER_SOCKET = "/var/run/docker.sock"
PIDS_LIMIT = 8192


def container(
    step: Step,
    image_id: str,
    binds: tuple[Bind, ...],
    *,
    name: str,
    labels: tuple[tuple[str, str], ...],
    network: str,
    socket: str = "",
    secrets: tuple[tuple[str, str], ...] = (),
    memory_bytes: int | None = None,
) -> ContainerSpec:
    """The container of a step. `binds`: what it sees of the build.
    `socket` "": it gets no Docker. `secrets` are variables with
    their values: they go into the body of a request, never on a command line."""
    if socket:
        binds = (*binds, Bind(socket, DOCKER_SOCKET))
    entrypoint, command = _program(step)
    return ContainerSpec(
        image=image_id,
        labels=labels,
        name=name,
        entrypoint=entrypoint,
        command=command,
        env=_environment(step, secrets),
        workdir=step.workdir,
        binds=binds,
        network=network,
        memory_bytes=memory_bytes,
        pids_limit=PIDS_LIMIT,
    )


def interpreter(script: str) -> tuple[str, ...]:
    """What runs a script: its shebang as the kernel reads it (a program and at most one argument),
    else sh. Read here, so that the file needs no execution right where it lies."""
    first = script.split("\n", 1)[0]
    if not first.startswith("#!"):
        return ("/bin/sh",)
    program, _, argument = first[2:].strip(" \t").partition(" ")
    return (program, argument.strip(" \t")) if argument.strip(" \t") else (program or "/bin/sh",)


def words(step: Step) -> tuple[str, ...]:
    """What the config says to run, as the record keeps it: () for the image's own command."""
    if step.script is not None:
        return (*interpreter(step.script), step.script)
    return (*((step.entrypoint,) if step.entrypoint is not None else ()), *(step.args or ()))


def replaced(step: Step) -> str | None:
    """What a step puts in place of the image's own program, None where that runs."""
    return interpreter(step.script)[0] if step.script is not None else step.entrypoint


def _program(step: Step) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """Entrypoint and command; None: the image's own."""
    if step.script is not None:
        return (*interpreter(step.script), SCRIPT), ()
    if step.entrypoint is not None:
        return (step.entrypoint,), step.args or ()  # the image's CMD is dropped, as docker run does
    return None, step.args


def _environment(step: Step, secrets: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Sorted by name; a step's own entries win over ours, and later ones over earlier ones."""
    found = {"HOME": HOME, "BUILDER_OUTPUT": OUTPUTS, **dict(step.env), **dict(secrets)}
    return tuple(sorted(found.items()))
