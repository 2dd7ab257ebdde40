"""Whether to colour what a command prints: one rule for all."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import IO


def coloured(asked: str, environment: Mapping[str, str], stream: IO[str] | IO[bytes]) -> bool:
    """As asked ("always", "never"); for "auto" NO_COLOR decides, then FORCE_COLOR (no-color.org,
    force-color.org), then whether the stream is a terminal that can."""
    if asked != "auto":
        return asked == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environment.get("TERM") != "dumb"
