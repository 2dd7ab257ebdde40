"""What a step's container is, in Cloud Build's terms (`dockerRunArgs` of cloud-build-local). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ctr_ci.engine import Bind, ContainerSpec
from ctr_ci.plan import Step

WORKSPACE = "/workspace"
HOME = "/builder/home"
OUTPUTS = "/builder/outputs"
SCRIPT = "/cloudbuild/script"  # no volume may be under /cloudbuild, so nothing can hide it
DOCKER_SOCKET = "/var/run/docker.sock"
PIDS_LIMIT = 8192


@dataclass(frozen=True, slots=True)
class Ground:
    """The host folders and names that the steps of one build share or get."""

    workspace: Path
    home: Path
    outputs: Path  # holds a folder a step
    scripts: Path  # holds a file a step
    volumes: tuple[tuple[str, str], ...] = ()  # as in the config -> in the engine

    def outputs_of(self, step: Step) -> Path:
        return self.outputs / str(step.index)

    def script_of(self, step: Step) -> Path:
        return self.scripts / str(step.index)


def container(
    step: Step,
    image_id: str,
    ground: Ground,
    *,
    name: str,
    labels: tuple[tuple[str, str], ...],
    network: str,
    socket: str = "",
    secrets: tuple[tuple[str, str], ...] = (),
    memory_bytes: int | None = None,
) -> ContainerSpec:
    """The container of a step. `socket` "": the step gets no Docker. `secrets` are variables with
    their values: they go into the body of a request, never on a command line."""
    volumes = dict(ground.volumes)
    binds = [
        Bind(str(ground.workspace), WORKSPACE),
        Bind(str(ground.home), HOME),
        Bind(str(ground.outputs_of(step)), OUTPUTS),
        *(Bind(volumes[mount.name], mount.path) for mount in step.mounts),
    ]
    if socket:
        binds.append(Bind(socket, DOCKER_SOCKET))
    if step.script is not None:
        binds.append(Bind(str(ground.script_of(step)), SCRIPT, read_only=True))
    entrypoint, command = _program(step)
    return ContainerSpec(
        image=image_id,
        labels=labels,
        name=name,
        entrypoint=entrypoint,
        command=command,
        env=_environment(step, secrets),
        workdir=step.workdir,
        binds=tuple(binds),
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
