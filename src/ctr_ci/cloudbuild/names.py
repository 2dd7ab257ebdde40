"""What names may look like: images, tags, volumes, substitution keys (cloud-build-local validate.go)."""

from __future__ import annotations

import re

USER_KEY = re.compile(r"_[A-Z0-9_]+")
VOLUME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
BUILD_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)

_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_HOST = (
    r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::\d+)?/)?"
)
_REPOSITORY = rf"{_HOST}{_PART}(?:/{_PART})*"
_TAG = r"(?::[\w][\w.-]{0,127})?"
_DIGEST = r"(?:@sha256:[0-9a-f]{64})?"
_IMAGE = re.compile(_REPOSITORY + _TAG, re.ASCII)
_STEP = re.compile(_REPOSITORY + _TAG + _DIGEST, re.ASCII)


def is_step_image(text: str) -> bool:
    """`repo[:tag]`, `repo@sha256:...` or both (which the service accepts too)."""
    return _STEP.fullmatch(text) is not None


def is_image(text: str) -> bool:
    """`repo[:tag]`: what can be pushed."""
    return _IMAGE.fullmatch(text) is not None


def has_capitals(image: str) -> bool:
    """Whether the name but for its tag has letters that a repository may not have."""
    tagged = image.rfind(":") > image.rfind("/")
    repository = image[: image.rfind(":")] if tagged else image
    return repository != repository.lower()
