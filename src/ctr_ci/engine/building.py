"""The answers of `POST /build`: lines of JSON in, what the build says out. Pure.

A build that fails does so inside a stream of status 200, so every line is looked at. The classic builder
names the image after each instruction (` ---> 0123456789ab`); BuildKit's own log is left unread.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlencode

from ctr_ci.engine.api import BuildFailed, BuildLine
from ctr_ci.problem import Problem

_IMAGE = re.compile(r"^ ---> ([0-9a-f]{12})$")
SHOWN = 12  # lines of a failed build's log


def query(dockerfile: str, arguments: tuple[tuple[str, str], ...], buildkit: bool) -> str:
    """The parameters of a build that leaves no container, pulls nothing that is there, makes no name."""
    told = {"dockerfile": dockerfile, "rm": 1, "forcerm": 1, "version": 2 if buildkit else 1}
    return urlencode({**told, "buildargs": json.dumps(dict(arguments))})


def lines(pieces: Iterable[bytes]) -> Iterator[BuildLine]:
    """Raises BuildFailed with the end of the log."""
    log: list[str] = []
    for raw in _split(pieces):
        said = json.loads(raw)
        if "error" in said:
            shown = "".join(log).strip().splitlines()[-SHOWN:]
            raise BuildFailed(Problem(f"the build failed: {said['error']}", help="\n".join(shown)))
        text = str(said.get("stream") or "")
        log.append(text)
        image = _IMAGE.match(text.rstrip("\n"))
        if image:
            yield BuildLine(image_id=image.group(1))
        elif text.strip():
            yield BuildLine(text.rstrip("\n"))
        extra = said.get("aux")
        if isinstance(extra, dict) and extra.get("ID"):
            yield BuildLine(image_id=str(extra["ID"]))


def _split(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for piece in pieces:
        *whole, held = (held + piece).split(b"\n")
        yield from (line for line in whole if line.strip())
    if held.strip():
        yield held
