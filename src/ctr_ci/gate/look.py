"""Checks that need no container: what the engine, the image's bytes and its history say. Pure.

Each answers "" where the image passes, else why not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ctr_ci.engine import Image
from ctr_ci.gate.policy import Labels

# What a credential looks like, whatever it is called: issuers mark theirs so that scanners find them.
_TOKENS = (
    ("an AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{60,}\b"),
    ("a GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,}\b"),
    ("a Google API key", r"\bAIza[0-9A-Za-z_-]{35}\b"),
    ("a Google OAuth token", r"\bya29\.[0-9A-Za-z_-]{20,}"),
    ("a Slack token", r"\bxox[abprs]-[0-9A-Za-z-]{10,}"),
    ("an npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("a PyPI token", r"\bpypi-AgEIcHlwaS[A-Za-z0-9_-]{20,}"),
    ("a Docker Hub token", r"\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}"),
    ("a private key", r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    ("a JSON web token", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    ("a password in a URL", r"\b[a-z][a-z0-9+.-]*://[^\s/:@$]+:[^\s/:@$*]+@"),
)
_SECRET_NAME = re.compile(
    r"(?i)(?:^|_)(?:password|passwd|secret|api_?key|access_?key|private_?key|auth_?token|token|credentials?)$"
)
# "|2 NAME=value OTHER=value /bin/sh -c ...": how the engine writes build arguments into history.
_ARGUMENTS = re.compile(r"^\|(\d+) ")


def non_root(image: Image) -> str:
    user = image.user.partition(":")[0]
    if user in ("", "0", "root"):
        said = f"USER is {image.user}" if image.user else "it names no USER"
        return f"it runs as root: {said}"
    return ""


def labels(image: Image, wanted: Labels) -> str:
    have = dict(image.labels)
    for key, value in wanted.wanted:
        if key not in have:
            return f"label {key} is missing"
        if value is not None and have[key] != value:
            return f"label {key} is {have[key]!r}, not {value!r}"
    return ""


def no_secrets(image: Image, config: bytes) -> str:
    """Names the place and the kind, never the value. `config` is the image's own JSON."""
    for place, name, value in _places(image, config):
        if name and value and _SECRET_NAME.search(name) and not value.startswith("$"):
            return f"{place} holds a value for {name}"
        for kind, pattern in _TOKENS:
            if re.search(pattern, value):
                return f"{place} holds {kind}"
    return ""


def _places(image: Image, config: bytes) -> Iterator[tuple[str, str, str]]:
    """Place, name of the variable ("" for plain text) and text of all that an image's JSON tells."""
    for entry in image.env:
        name, _, value = entry.partition("=")
        yield "its environment", name, value
    for key, value in image.labels:
        yield f"label {key}", "", value
    history = json.loads(config).get("history", [])
    for index, layer in enumerate(history if isinstance(history, list) else []):
        text = str(layer.get("created_by", "")) if isinstance(layer, dict) else ""
        place = f"history entry {index + 1} of {len(history)}"
        match = _ARGUMENTS.match(text)
        if match:
            for argument in text[match.end() :].split(" ")[: int(match.group(1))]:
                name, _, value = argument.partition("=")
                yield place, name, value
        yield place, "", text
