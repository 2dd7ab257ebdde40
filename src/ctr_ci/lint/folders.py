"""Paths in an image, and the folders above them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 4096  # characters; PATH_MAX of Linux: a longer text names no file


def with_folders(path: str) -> Iterator[str]:
    """A path and each folder above it, as they are written, without a slash at the end.

    The root is "". A path that is too long to be one comes alone.
    """
    yield path
    at = path.find("/") if len(path) <= LONGEST else -1
    while at >= 0:
        yield path[:at]
        at = path.find("/", at + 1)
