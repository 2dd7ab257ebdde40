"""What may become of a request: let through, answered here, or refused; and what it means.

Nouns shared by the rules and the server. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from ctr_ci.broker.body import Json
from ctr_ci.broker.scope import Scope
from ctr_ci.broker.target import Target


class Denial(Exception):
    """A rule says no: `rule` names it, `why` says what is refused, `way_out` what to do instead."""

    def __init__(self, rule: str, why: str, way_out: str) -> None:
        super().__init__(why)
        self.rule = rule
        self.why = why
        self.way_out = way_out


@dataclass(frozen=True, slots=True)
class Seen:
    """An image as the engine knows it now."""

    id: str
    names: tuple[str, ...]
    pulled: bool = False  # a registry's digest is known for the name that was asked


class Owned(Protocol):
    """What belongs to the build, and how its steps' words for it are understood."""

    @property
    def scope(self) -> Scope: ...
    @property
    def step(self) -> int: ...
    @property
    def suffix(self) -> str:
        """What is added to every name that a step chooses, so that builds cannot collide."""

    def container(self, reference: str) -> str | None:
        """The ID of a container of this build, by name, ID or start of an ID."""

    def given_name(self, container_id: str) -> str:
        """The name that a step chose for it, "" where it chose none."""

    def network(self, reference: str) -> str | None:
        """The ID or real name of a network of this build."""

    def volume(self, name: str) -> str | None:
        """The real name of a volume of this build."""

    def execution(self, execution_id: str) -> bool: ...
    def session(self, session_id: str) -> bool: ...
    def image(self, reference: str) -> Seen | None: ...
    def made(self, name: str) -> bool:
        """Did this build give this name (in full) to an image?"""

    def built(self, image_id: str) -> bool: ...
    def place(self, path: str, create: bool) -> str | None:
        """What the engine must mount where a step says `path`: a host path or a volume's name; None
        where the path is not the build's. Missing folders are made if `create`."""


@dataclass(frozen=True, slots=True)
class Creates:
    kind: Literal["container", "network", "volume", "exec"]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Starts:
    """`again`: it is stopped first."""

    container: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Stops:
    container: str


@dataclass(frozen=True, slots=True)
class Renames:
    container: str
    name: str


@dataclass(frozen=True, slots=True)
class Removes:
    kind: Literal["container", "network", "volume"]
    id: str


@dataclass(frozen=True, slots=True)
class Builds:
    """An image comes to be; `names` (in full) are those that it shall get; `how` says where the
    answer tells its ID."""

    names: tuple[str, ...]
    how: Literal["build", "quiet", "commit", "import", "pull"]


@dataclass(frozen=True, slots=True)
class Loads:
    """Images come from an archive, which names them."""


@dataclass(frozen=True, slots=True)
class Tags:
    image: str
    name: str


@dataclass(frozen=True, slots=True)
class Opens:
    """A BuildKit session."""

    session: str


Effect = Creates | Starts | Stops | Renames | Removes | Builds | Loads | Tags | Opens


@dataclass(frozen=True, slots=True)
class Allow:
    """Send this on. `body` replaces the client's, unless `streams`: then that passes as it comes.
    `upgrade`: the connection may become raw bytes both ways, under this protocol;
    `filtered`: BuildKit's calls, each of them judged. `shows`: how the
    answer is translated back into the step's words. `volumes` (names as given) are made first."""

    method: str
    target: Target
    body: Json = None
    streams: bool = False
    upgrade: str = ""
    effect: Effect | None = None
    shows: Literal["raw", "json", "info", "networks", "events"] = "raw"
    volumes: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    filtered: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """Not for the engine: answered here. `held` is the name of an image whose push is held."""

    status: int
    body: bytes
    held: str = ""


@dataclass(frozen=True, slots=True)
class Refuse:
    status: int
    message: str


Verdict = Allow | Answer | Refuse
