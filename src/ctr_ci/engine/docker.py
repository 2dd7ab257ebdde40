"""docker-py: the only importer of `docker`. Reaches engines over tcp and TLS, and does the calls
for which no second of a build waits (pull, tag, export).

Its traps, met here: the constructor reads the user's logins (so it is kept from finding them, and
every call that could use one gets an explicit empty login); a failed pull arrives inside a stream
of status 200 (so each line is looked at); importing it takes a quarter of a second (so `connect`
imports this module only when it is needed).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

import docker
from docker.errors import APIError, DockerException, NotFound
from docker.tls import TLSConfig
from docker.utils import config as library_config
from requests.exceptions import RequestException

from ctr_ci.engine import body, building, failure
from ctr_ci.engine.address import Address
from ctr_ci.engine.api import BUILD_LABEL, Attached, BuildLine, ContainerSpec, Image, Owned, Terminal
from ctr_ci.engine.stream import Frames
from ctr_ci.problem import Problem, WorldError

P = ParamSpec("P")
T = TypeVar("T")
TIMEOUT_S = 120
OURS = {"label": [BUILD_LABEL]}
_constructing = threading.Lock()


@contextmanager
def _without_logins() -> Iterator[None]:
    """Keeps docker-py's constructor from finding a docker config, whoever's it is."""
    with _constructing:
        found = library_config.find_config_file
        library_config.find_config_file = lambda config_path=None: None
        try:
            yield
        finally:
            library_config.find_config_file = found


class DockerEngine:
    """An `Engine` by docker-py's low-level client."""

    def __init__(self, address: Address) -> None:
        self._address = address
        try:
            with _without_logins():
                self._client = docker.APIClient(
                    base_url=address.url,
                    timeout=TIMEOUT_S,
                    tls=_tls(address),
                )
        except (DockerException, RequestException, OSError) as error:
            raise failure.unreachable(address.url, str(error)) from error
        self._client.trust_env = False  # no .netrc, no proxy: the engine's address is meant as given

    @property
    def socket(self) -> str:
        return self._address.socket

    def theirs(self, path: str) -> str | None:
        return None

    def version(self) -> str:
        return str(self._call("tell its version", self._client.version)["Version"])

    def image(self, reference: str) -> Image | None:
        try:
            return body.image(self._client.inspect_image(reference))  # type: ignore[no-untyped-call]
        except NotFound:
            return None
        except (DockerException, RequestException) as error:
            raise self._failed("inspect an image", error) from error

    def pull(self, reference: str) -> Iterator[str]:
        # Without a tag the engine would pull every tag of the repository.
        name = reference if "@" in reference or ":" in reference.rsplit("/", 1)[-1] else f"{reference}:latest"
        lines = self._call("pull", self._client.pull, name, stream=True, decode=True, auth_config={})
        try:
            for line in lines:
                if "error" in line:
                    raise WorldError(Problem(f"cannot pull {reference}: {line['error']}"))
                if line.get("status") and not line.get("progressDetail"):
                    yield " ".join(filter(None, [str(line.get("id", "")), str(line["status"])]))
        except (DockerException, RequestException) as error:
            raise self._failed("pull", error) from error

    def tag(self, image_id: str, name: str) -> None:
        head, colon, last = name.rpartition(":")
        repository, tag = (head, last) if colon and "/" not in last else (name, "latest")
        self._call("tag", self._client.tag, image_id, repository, tag)

    def commit(self, container_id: str) -> str:
        made = self._call("commit", self._client.commit, container_id, conf=body.committed())
        return str(made["Id"])

    def build(
        self,
        context: Iterator[bytes],
        dockerfile: str,
        *,
        arguments: tuple[tuple[str, str], ...] = (),
        buildkit: bool = False,
    ) -> Iterator[BuildLine]:
        # Not `APIClient.build`: it wants a file, and would send the user's logins.
        api = f"{self._client.base_url}/v{self._client.api_version}"
        url = f"{api}/build?{building.query(dockerfile, arguments, buildkit)}"
        headers = {"Content-Type": "application/x-tar"}
        response = self._call(
            "build", self._client.post, url, data=context, headers=headers, stream=True, timeout=None
        )
        if response.status_code != 200:
            raise failure.unbuilt(response.status_code, response.content)
        return building.lines(response.iter_content(None))

    def image_ids(self) -> frozenset[str]:
        return frozenset(str(one["Id"]) for one in self._call("list images", self._client.images, all=True))

    def remove_image(self, image_id: str) -> None:
        self._gone_is_fine("remove an image", self._client.remove_image, image_id)

    def export(self, image_id: str) -> Iterator[bytes]:
        pieces = self._call("export", self._client.get_image, image_id, chunk_size=1 << 20)
        try:
            yield from pieces
        except (DockerException, RequestException) as error:
            raise self._failed("export an image", error) from error

    def create(self, spec: ContainerSpec) -> str:
        made = self._call(
            "create", self._client.create_container_from_config, body.container(spec), name=spec.name
        )
        return str(made["Id"])

    def attach(self, container_id: str) -> Attached:
        wire = self._call(
            "attach", self._client.attach_socket, container_id, {"stdout": 1, "stderr": 1, "stream": 1}
        )
        receive = wire.recv if hasattr(wire, "recv") else wire.read

        def close() -> None:
            # docker-py hands out a reader; the socket and the answer behind it stay open without us.
            for thing in (getattr(wire, "_response", None), getattr(wire, "_sock", None), wire):
                if thing is not None:
                    thing.close()

        return Frames(receive, close)

    def terminal(self, container_id: str) -> Terminal:
        raise WorldError(
            Problem(f"no terminal of a container at {self._address.url}", "an engine on a unix socket")
        )

    def start(self, container_id: str) -> None:
        self._call("start", self._client.start, container_id)

    def wait(self, container_id: str) -> int:
        return int(self._call("wait", self._client.wait, container_id, timeout=None)["StatusCode"])

    def oom_killed(self, container_id: str) -> bool:
        inspect = self._client.inspect_container
        return body.oom_killed(self._call("inspect a container", inspect, container_id))

    def pid(self, container_id: str) -> int:
        return body.pid(self._call("inspect a container", self._client.inspect_container, container_id))

    def health(self, container_id: str) -> str:
        return body.health(self._call("inspect a container", self._client.inspect_container, container_id))

    def files(self, container_id: str, path: str) -> Iterator[bytes] | None:
        try:
            pieces: Iterator[bytes] = self._client.get_archive(container_id, path)[0]
        except NotFound:
            return None
        except (DockerException, RequestException) as error:
            raise self._failed("read a file", error) from error
        return pieces

    def put(self, container_id: str, folder: str, archive: Iterator[bytes]) -> None:
        self._call("carry files into a container", self._client.put_archive, container_id, folder, archive)

    def kill(self, container_id: str) -> None:
        self._gone_is_fine("kill", self._client.kill, container_id)

    def remove(self, container_id: str) -> None:
        self._gone_is_fine(
            "remove a container", self._client.remove_container, container_id, v=True, force=True
        )

    def create_network(self, name: str, labels: tuple[tuple[str, str], ...]) -> str:
        made = self._call(
            "create a network", self._client.create_network, name, driver="bridge", labels=dict(labels)
        )
        return str(made["Id"])

    def disconnect(self, network: str, container: str) -> None:
        disconnect = self._client.disconnect_container_from_network
        self._gone_is_fine("disconnect", disconnect, container, network, force=True)

    def remove_network(self, network_id: str) -> None:
        self._gone_is_fine("remove a network", self._client.remove_network, network_id)

    def create_volume(self, name: str, labels: tuple[tuple[str, str], ...]) -> str:
        return str(
            self._call("create a volume", self._client.create_volume, name, labels=dict(labels))["Name"]
        )

    def remove_volume(self, name: str) -> None:
        self._gone_is_fine("remove a volume", self._client.remove_volume, name, force=True)

    def owned(self) -> tuple[Owned, ...]:
        containers = self._call("list containers", self._client.containers, all=True, filters=OURS)
        networks = self._call("list networks", self._client.networks, filters=OURS)
        volumes = self._call("list volumes", self._client.volumes, filters=OURS)
        return (
            *body.owned("container", containers),
            *body.owned("network", networks),
            *body.owned("volume", volumes["Volumes"]),
        )

    def close(self) -> None:
        self._client.close()

    def _call(self, call: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except (DockerException, RequestException, OSError) as error:
            raise self._failed(call, error) from error

    def _gone_is_fine(self, call: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except NotFound:
            return
        except APIError as error:
            if error.status_code != 409:  # 409: not running, or its removal is under way
                raise self._failed(call, error) from error
        except (DockerException, RequestException, OSError) as error:
            raise self._failed(call, error) from error

    def _failed(self, call: str, error: Exception) -> WorldError:
        if isinstance(error, APIError) and error.status_code:
            return failure.refused(call, error.status_code, str(error.explanation or error).encode())
        return failure.unreachable(self._address.url, str(error))


def _tls(address: Address) -> TLSConfig | bool:
    folder = address.certificates
    if not folder:
        return False
    return TLSConfig(
        client_cert=(f"{folder}/cert.pem", f"{folder}/key.pem"),
        ca_cert=f"{folder}/ca.pem",
        verify=True,
    )
