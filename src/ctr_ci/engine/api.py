"""What ctr-ci needs of a container engine, in our own nouns. Only `docker.py` beside it knows the
library; callers import from `ctr_ci.engine`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from ctr_ci.problem import Refused, WorldError
from ctr_ci.value import value

BUILD_LABEL = "ctr-ci.build"  # the build's ID: on everything of ours in the engine
OWNER_LABEL = "ctr-ci.owner"  # "<boot id>/<pid>/<process start ticks>": who must still be alive


@value
class Image:
    """A local image. `id` and `layers` are digests as text (`sha256:...`); sizes in bytes."""

    id: str
    names: tuple[str, ...]
    layers: tuple[str, ...]
    size_bytes: int
    user: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    workdir: str
    env: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]
    os: str
    architecture: str
    created: str


@value
class Bind:
    """A host path or a volume name seen in a container."""

    source: str
    target: str
    read_only: bool = False


@value
class ContainerSpec:
    """A container to create. `command` None: the image's own. `network` is a network's name,
    "none", or "container:ID". `labels` must hold BUILD_LABEL and OWNER_LABEL."""

    image: str
    labels: tuple[tuple[str, str], ...]
    name: str | None = None
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    env: tuple[tuple[str, str], ...] = ()
    workdir: str | None = None
    user: str | None = None
    binds: tuple[Bind, ...] = ()
    network: str = "none"
    aliases: tuple[str, ...] = ()
    hosts: tuple[tuple[str, str], ...] = ()  # names and addresses for its /etc/hosts
    memory_bytes: int | None = None
    pids_limit: int | None = None
    no_new_privileges: bool = True
    healthcheck: bool = True  # False: the image's own check is not run
    terminal: bool = False  # True: it has a terminal, for `Engine.terminal`
    privileged: bool = False
    capabilities: tuple[str, ...] = ()  # beside those that every container has


@value
class Output:
    """A piece of a container's output; `stream` is "stdout" or "stderr"."""

    stream: str
    data: bytes


@value
class Owned:
    """Something in the engine that carries our labels; `kind`: container, network or volume.
    `image_id` is a container's image, from which it may have got the labels."""

    kind: str
    id: str
    build_id: str
    owner: str
    image_id: str = ""


@value
class BuildLine:
    """What a build says: `text` of its log, or an image that it now has (`image_id`; the classic builder
    names one an instruction, shortened; the last one is the result)."""

    text: str = ""
    image_id: str = ""


class BuildFailed(Refused):
    """A build came to an end without an image: the Dockerfile's own fault."""


class CannotStart(WorldError):
    """The container was refused for its own sake: no such program, folder or user in its image."""


class Attached(Protocol):
    """The output of one container, opened before its start: iterate to the end, then it is done."""

    def __iter__(self) -> Iterator[Output]: ...
    def close(self) -> None: ...


class Terminal(Protocol):
    """A container's terminal: bytes as they are, both ways."""

    def fileno(self) -> int: ...
    def send(self, data: bytes) -> None: ...
    def receive(self) -> bytes:
        """What has come; b"" at the end."""

    def resize(self, columns: int, rows: int) -> None: ...
    def close(self) -> None: ...


class Engine(Protocol):
    """Every method raises WorldError with a Problem where the engine fails or cannot be reached."""

    @property
    def socket(self) -> str:
        """The engine's unix socket path ("" where it is reached otherwise)."""

    def theirs(self, path: str) -> str | None:
        """What the engine's host calls an absolute path of ours; None where it cannot see it: we are
        in a container, or the engine is far away."""

    def version(self) -> str: ...
    def image(self, reference: str) -> Image | None:
        """The local image of a name or ID, None where there is none."""

    def pull(self, reference: str) -> Iterator[str]:
        """Pulls anonymously, yields progress lines; errors inside the stream are raised."""

    def tag(self, image_id: str, name: str) -> None: ...
    def commit(self, container_id: str) -> str:
        """Makes a nameless image of an ended container, without our labels: its ID."""

    def build(
        self,
        context: Iterator[bytes],
        dockerfile: str,
        *,
        arguments: tuple[tuple[str, str], ...] = (),
        buildkit: bool = False,
    ) -> Iterator[BuildLine]:
        """Builds the Dockerfile at a path in a tar archive, by the classic builder or BuildKit, and gives
        the image no name. Raises BuildFailed."""

    def image_ids(self) -> frozenset[str]:
        """All local images, those between the instructions of classic builds among them."""

    def remove_image(self, image_id: str) -> None:
        """Removes an image that has no name; one that is gone, or in use, is left as it is."""

    def export(self, image_id: str) -> Iterator[bytes]:
        """A `docker save` archive of one image, streamed."""

    def create(self, spec: ContainerSpec) -> str: ...
    def attach(self, container_id: str) -> Attached: ...
    def terminal(self, container_id: str) -> Terminal:
        """Attaches to the terminal of a container that is not started yet."""

    def start(self, container_id: str) -> None: ...
    def wait(self, container_id: str) -> int: ...
    def oom_killed(self, container_id: str) -> bool:
        """Whether the kernel ended it for want of memory."""

    def pid(self, container_id: str) -> int:
        """The process ID, on the engine's host, of a running container's first process; 0: none runs."""

    def health(self, container_id: str) -> str:
        """What its health check says: "none", "starting", "healthy" or "unhealthy"."""

    def files(self, container_id: str, path: str) -> Iterator[bytes] | None:
        """A tar archive of what lies at a path in it, running or not; None where nothing does."""

    def put(self, container_id: str, folder: str, archive: Iterator[bytes]) -> None:
        """Unpacks a tar archive into a folder of a container, running or not."""

    def kill(self, container_id: str) -> None: ...
    def remove(self, container_id: str) -> None: ...
    def create_network(self, name: str, labels: tuple[tuple[str, str], ...]) -> str: ...
    def disconnect(self, network: str, container: str) -> None:
        """Takes a container off a network, running or not."""

    def remove_network(self, network_id: str) -> None: ...
    def create_volume(self, name: str, labels: tuple[tuple[str, str], ...]) -> str: ...
    def remove_volume(self, name: str) -> None: ...
    def owned(self) -> tuple[Owned, ...]: ...
    def close(self) -> None: ...
