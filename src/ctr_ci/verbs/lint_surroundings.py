"""Looks at what stands around a Dockerfile: the files of its folder, .dockerignore, and which stages
compose, bake, cloudbuild and workflow files name as targets."""

from __future__ import annotations

import os

from ctr_ci.lint import Context

_TARGETING = (
    "compose",
    "docker-bake",
    "cloudbuild",
    "skaffold",
    "makefile",
    ".gitlab-ci",
    "jenkinsfile",
    "tiltfile",
)
_LARGEST = 1 << 20


def surroundings(folder: str, target: str = "", build_args: tuple[tuple[str, str], ...] = ()) -> Context:
    """The context of the Dockerfiles in a folder, which is taken for their build context."""
    place = folder or "."
    try:
        entries = frozenset(os.listdir(place))
    except OSError:
        return Context(target, build_args)
    ignore = _text(os.path.join(place, ".dockerignore")) if ".dockerignore" in entries else None
    return Context(target, build_args, frozenset(), _targets(place, entries), ignore, entries)


def own_dockerignore(path: str) -> str:
    """The text of `<Dockerfile>.dockerignore`, which BuildKit takes instead of `.dockerignore`."""
    return _text(f"{path}.dockerignore")


def _targets(folder: str, entries: frozenset[str]) -> frozenset[str]:
    files = [os.path.join(folder, name) for name in entries if _may_target(name)]
    workflows = os.path.join(folder, ".github", "workflows")
    if ".github" in entries and os.path.isdir(workflows):
        files += [
            os.path.join(workflows, name)
            for name in os.listdir(workflows)
            if name.endswith((".yml", ".yaml"))
        ]
    texts = [text for path in files if "target" in (text := _text(path))]
    if not texts:
        return frozenset()
    import re

    pattern = re.compile(
        r"(?:^|[\s\"'{,-])target[\"']?\s*[:=]\s*[\"']?([A-Za-z][\w.-]*)|--target[=\s\"',]+([A-Za-z][\w.-]*)"
    )
    return frozenset((a or b).lower() for text in texts for a, b in pattern.findall(text))


def _may_target(name: str) -> bool:
    lower = name.lower()
    return lower.startswith(_TARGETING) or ("compose" in lower and lower.endswith((".yml", ".yaml")))


def _text(path: str) -> str:
    try:
        if os.path.getsize(path) > _LARGEST:
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
