"""Names: of images, written in full; of what steps create, made unique for the build. Pure."""

from __future__ import annotations

import re
from hashlib import sha256

_OBJECT = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,200}")
_IMAGE_ID = re.compile(r"(sha256:)?[0-9a-f]{64}")


def suffix(build_id: str) -> str:
    """What makes names that steps choose unique to a build; legal in every name of the engine's."""
    return ".ctr-ci-" + sha256(build_id.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def is_name(text: str) -> bool:
    """May a container, network or volume be called so?"""
    return _OBJECT.fullmatch(text) is not None


def is_image_id(text: str) -> bool:
    return _IMAGE_ID.fullmatch(text) is not None


def full(image: str) -> str:
    """An image's name as the engine understands it: registry, repository, tag (or digest)."""
    name, at, digest = image.partition("@")
    host, slash, rest = name.partition("/")
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        host, rest = "docker.io", name if slash else f"library/{name}"
    elif host in ("docker.io", "index.docker.io"):
        host, rest = "docker.io", rest if "/" in rest else f"library/{rest}"
    if at:
        return f"{host}/{rest}@{digest}"
    return f"{host}/{rest}" if ":" in rest else f"{host}/{rest}:latest"


def words(text: str) -> tuple[str, ...]:
    """A table's keys, written as one text."""
    return tuple(text.split())
