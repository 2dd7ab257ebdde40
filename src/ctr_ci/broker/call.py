"""One request of a step's, and what its rules share. Pure."""

from __future__ import annotations

from collections.abc import Callable

from ctr_ci.broker.body import Json
from ctr_ci.broker.target import Target
from ctr_ci.broker.verdict import Denial, Owned, Verdict


class Call:
    """One request to be judged: `body` is its JSON, None where it has none or is a stream."""

    __slots__ = ("body", "headers", "method", "owned", "parts", "target", "upgrade")

    def __init__(
        self,
        method: str,
        target: Target,
        owned: Owned,
        body: Json = None,
        upgrade: str = "",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.method = method
        self.target = target
        self.owned = owned
        self.body = body
        self.upgrade = upgrade
        self.headers = headers
        self.parts: dict[str, str] = {}

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")


Route = Callable[[Call], Verdict]


class Missing(Denial):
    """Not of this build: to the step it is as if it were not there."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"foreign-{kind}", f"No such {kind}: {name}", "use what this build's steps made")


def own_container(call: Call) -> str:
    """The ID of the container that the path names. Raises Missing."""
    reference = call.parts["id"]
    found = call.owned.container(reference)
    if found is None:
        raise Missing("container", reference)
    return found


def no_push(why: str) -> Denial:
    return Denial("push", why, "list the image under images: and use `ctr-ci publish`")
