"""Which distribution an image is, from its os-release(5): a package of a distribution is named by both."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ctr_ci.image.layers import Layer

# The first is what programs read; in most images a symlink to the second.
PATHS = ("etc/os-release", "usr/lib/os-release")
LARGEST = 64 * 1024


def keep(path: str, size: int) -> Callable[[bytes], bytes] | None:
    """Whether a file's bytes are wanted here."""
    return bytes if path in PATHS and size <= LARGEST else None


def find(layers: Sequence[Layer]) -> tuple[str, str]:
    """Its ID and VERSION_ID ("debian", "12"); "" for what is not told."""
    for path in PATHS:
        for layer in reversed(layers):
            if path in layer.kept:
                return _read(layer.kept[path].decode("utf-8", "replace"))
            gone = tuple(f"{folder}/" for folder in (*layer.deleted, *layer.opaque))
            if path in layer.entries or path in layer.deleted or path.startswith(gone):
                break  # removed, or no file of its own from here on
    return "", ""


def _read(text: str) -> tuple[str, str]:
    said = dict(re.findall(r"""^(ID|VERSION_ID)=["']?([\w.~-]+)["']?\s*$""", text, re.MULTILINE))
    return said.get("ID", ""), said.get("VERSION_ID", "")
