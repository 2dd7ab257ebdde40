"""What the broker saw: facts for the record, in its own nouns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Built:
    """A step made an image (build, commit, load, import, pull); `names` are those it got by that."""

    step: int
    image_id: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tagged:
    """A step gave `name` to an image that was there already."""

    step: int
    image_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Ran:
    """A container that a step started has ended.

    `started` is in epoch seconds, before the engine was asked to start it. `stopped`: it did not end
    by itself, a step or the end of the build stopped it, so the exit code (137, 143) blames nobody.
    `program`: what ran in place of the image's own (`--entrypoint`, or a command where the image has
    no entrypoint); None where its own did.
    """

    step: int
    image_id: str
    exit_code: int
    started: float
    stopped: bool = False
    program: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A step asked for a push of `name`; it saw success, and nothing left the machine."""

    step: int
    name: str


@dataclass(frozen=True, slots=True)
class Denied:
    """A step asked for what no step may do: `request` is `METHOD /path`, `why` names the rule."""

    step: int
    request: str
    why: str


Note = Built | Tagged | Ran | Held | Denied
