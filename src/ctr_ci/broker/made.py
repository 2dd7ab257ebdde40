"""What one build has made through its broker: the memory that ownership rests on.

The engine's labels serve lists and cleaning; whether a step may touch a thing is decided here, by ID.
Safe to use from several threads.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from ctr_ci.broker.body import Json, field, items
from ctr_ci.broker.build import is_pulled
from ctr_ci.broker.client import Client
from ctr_ci.broker.mount import SOCKETS
from ctr_ci.broker.name import full, suffix
from ctr_ci.broker.pin import Pins
from ctr_ci.broker.place import find
from ctr_ci.broker.scope import Scope
from ctr_ci.broker.verdict import Seen
from ctr_ci.source import visible

_SHORTEST_ID = 4
_SESSION_S = 3.0


@dataclass(slots=True)
class Container:
    id: str
    name: str
    image_id: str
    step: int
    program: str | None = None  # what runs in place of the image's own
    stopping: bool = False


class Made:
    """The things of one build, by the steps' words for them."""

    def __init__(self, scope: Scope, client: Client) -> None:
        self.scope = scope
        self.suffix = suffix(scope.build_id)
        self._client = client
        self._lock = threading.Lock()
        self._opened = threading.Condition()
        self._containers: dict[str, Container] = {}
        self._networks: dict[str, str] = {}  # real name -> ID
        self._volumes: set[str] = set()  # real names
        self._executions: set[str] = set()
        self._sessions: set[str] = set()
        self._names: set[str] = set()  # of images, in full
        self._images: set[str] = set()

    def add_container(self, container: Container) -> None:
        with self._lock:
            # The engine gives a name twice only when its first owner is gone.
            for old in [
                c.id for c in self._containers.values() if container.name and c.name == container.name
            ]:
                del self._containers[old]
            self._containers[container.id] = container

    def rename(self, container_id: str, name: str) -> None:
        with self._lock:
            self._containers[container_id].name = name

    def add_network(self, name: str, network_id: str) -> None:
        with self._lock:
            self._networks[name + self.suffix] = network_id

    def add_volume(self, real_name: str) -> None:
        with self._lock:
            self._volumes.add(real_name)

    def add_execution(self, execution_id: str) -> None:
        with self._lock:
            self._executions.add(execution_id)

    def add_session(self, session: str) -> None:
        with self._opened:
            self._sessions.add(session)
            self._opened.notify_all()

    def add_image(self, image_id: str, *names: str) -> None:
        with self._lock:
            self._images.add(image_id)
            self._names.update(names)

    def add_name(self, name: str) -> None:
        with self._lock:
            self._names.add(name)

    def forget(self, kind: str, identity: str) -> None:
        with self._lock:
            if kind == "container":
                self._containers.pop(identity, None)
            elif kind == "network":
                self._networks.pop(identity, None)
            else:
                self._volumes.discard(identity)

    def container(self, reference: str) -> Container | None:
        reference = reference.lstrip("/")
        with self._lock:
            known = tuple(self._containers.values())
        for container in known:
            if reference in (container.id, container.name, container.name + self.suffix):
                return container if reference else None
        if len(reference) < _SHORTEST_ID:
            return None
        starting = [container for container in known if container.id.startswith(reference)]
        return starting[0] if len(starting) == 1 else None

    def container_ids(self) -> frozenset[str]:
        with self._lock:
            return frozenset(self._containers)

    def network(self, reference: str) -> str | None:
        scope = self.scope
        if scope.network and reference in ("cloudbuild", scope.network):
            return scope.network
        if scope.network:
            with self._lock:
                known = scope.network in self._networks
            if not known:
                _, found = self._client.ask("GET", f"/networks/{scope.network}")
                identity = field(found, "Id")
                with self._lock:
                    self._networks[scope.network] = identity if isinstance(identity, str) else ""
        with self._lock:
            for name, identity in self._networks.items():
                if reference in (name, name.removesuffix(self.suffix), identity):
                    return name
                if len(reference) >= _SHORTEST_ID and identity.startswith(reference):
                    return name
        return None

    def volume(self, name: str) -> str | None:
        with self._lock:
            for real in (name, name + self.suffix):
                if real in self._volumes:
                    return real
        return None

    def execution(self, execution_id: str) -> bool:
        with self._lock:
            return execution_id in self._executions

    def session(self, session: str) -> bool:
        """Clients open a session and use it at the same time: what is on its way is waited for."""
        with self._opened:
            return self._opened.wait_for(lambda: session in self._sessions, _SESSION_S)

    def made(self, name: str) -> bool:
        with self._lock:
            return name in self._names

    def built(self, image_id: str) -> bool:
        with self._lock:
            return image_id in self._images

    def image(self, reference: str) -> Seen | None:
        status, found = self._client.ask("GET", f"/images/{reference}/json")
        if status != 200:
            return None
        names = tuple(str(name) for name in items(field(found, "RepoTags")))
        identity = str(field(found, "Id"))
        return Seen(identity, names, is_pulled(full(reference), identity, field(found, "RepoDigests")))

    def image_of(self, container_id: str) -> tuple[str, str | None]:
        """The image of a container, and the program that it runs in place of the image's own."""
        _, found = self._client.ask("GET", f"/containers/{container_id}/json")
        image_id = str(field(found, "Image") or "")
        _, image = self._client.ask("GET", f"/images/{image_id}/json")
        own, given = field(image, "Config"), field(found, "Config")
        # What follows an entrypoint are its arguments.
        key = "Entrypoint" if field(own, "Entrypoint") else "Cmd"
        if _words(field(given, key)) == _words(field(own, key)) and (
            key == "Entrypoint" or not field(given, "Entrypoint")
        ):
            return image_id, None
        return image_id, visible(str(field(found, "Path") or ""))[:200]

    def resolve(self, name: str) -> str | None:
        """The image ID that a name points at now."""
        seen = self.image(name)
        return seen.id if seen else None


@dataclass(frozen=True, slots=True)
class View:
    """What is the build's, as seen from one step: an `Owned`."""

    everything: Made
    step: int
    socket: Path
    pins: Pins

    @property
    def scope(self) -> Scope:
        return self.everything.scope

    @property
    def suffix(self) -> str:
        return self.everything.suffix

    def container(self, reference: str) -> str | None:
        found = self.everything.container(reference)
        return found.id if found else None

    def given_name(self, container_id: str) -> str:
        found = self.everything.container(container_id)
        return found.name if found else ""

    def network(self, reference: str) -> str | None:
        return self.everything.network(reference)

    def volume(self, name: str) -> str | None:
        return self.everything.volume(name)

    def execution(self, execution_id: str) -> bool:
        return self.everything.execution(execution_id)

    def session(self, session_id: str) -> bool:
        return self.everything.session(session_id)

    def image(self, reference: str) -> Seen | None:
        return self.everything.image(reference)

    def made(self, name: str) -> bool:
        return self.everything.made(name)

    def built(self, image_id: str) -> bool:
        return self.everything.built(image_id)

    def place(self, path: str, create: bool) -> str | None:
        """What the engine shall mount where a step names a path: a path of its host, or a volume."""
        if path in SOCKETS:
            return self.scope.theirs(str(self.socket))
        found = find(path, self._roots(), create, lambda at, found: self.pins.hold(at, found, path))
        return self.scope.theirs(found) if found and found.startswith("/") else found

    def _roots(self) -> dict[str, str]:
        return {"/workspace": str(self.scope.workspace), **dict(self.scope.volumes)}


def shown(value: Json, view: View) -> Json:
    """An answer of the engine's in the step's own words: names as chosen, paths as it sees them."""
    if isinstance(value, str):
        return _shown(value, view)
    if isinstance(value, list):
        return [shown(item, view) for item in value]
    if isinstance(value, dict):
        return {_shown(key, view): shown(item, view) for key, item in value.items()}
    return value


def _words(value: Json) -> list[str]:
    return [str(word) for word in items(value)]


def _shown(text: str, view: View) -> str:
    if text == view.scope.network:
        return "cloudbuild"
    path, colon, rest = text.partition(":")
    if view.pins.given(path):
        return view.pins.given(path) + colon + rest
    theirs = view.scope.theirs
    if view.suffix in text:
        text = text.replace(view.suffix, "")
    if text.startswith("/"):
        own = theirs(str(view.socket))
        if own and text.startswith(own):
            return SOCKETS[0] + text[len(own) :]
        for inside, ours in (("/workspace", str(view.scope.workspace)), *view.scope.volumes):
            host = (theirs(ours) or ours) if ours.startswith("/") else ours
            if text == host or text.startswith((host + "/", host + ":")):
                return inside + text[len(host) :]
    return text
