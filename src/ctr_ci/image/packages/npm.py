"""Node packages by their folders in node_modules, and which of them only development needs.

npm says so itself (`node_modules/.package-lock.json`, field `dev`). For yarn and pnpm the
application's package.json is followed: what no production dependency reaches is a development need.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

from ctr_ci.image.packages.package import Package

MODULES = "node_modules/"
LOCK = "node_modules/.package-lock.json"


def wanted(path: str) -> bool:
    if path.endswith("/package.json"):
        folder = path.removesuffix("/package.json")
        return MODULES not in folder + "/" or _is_root(folder)
    return path.endswith(LOCK) or path == "package.json"


def _is_root(folder: str) -> bool:
    """Whether a folder is a package's own: `…/node_modules/NAME` or `…/node_modules/@SCOPE/NAME`."""
    name = folder.rpartition(MODULES)[2]
    return bool(name) and name.count("/") == (1 if name.startswith("@") else 0) and not name.startswith(".")


def read(kept: Mapping[str, bytes]) -> Iterator[Package]:
    manifests = {
        path.removesuffix("package.json").rstrip("/"): _object(raw)
        for path, raw in kept.items()
        if path.endswith("package.json") and not path.endswith(LOCK)
    }
    locks = {
        path.removesuffix(LOCK).rstrip("/"): _object(raw) for path, raw in kept.items() if path.endswith(LOCK)
    }
    applications = {folder for folder in manifests if f"{MODULES}" not in f"{folder}/"}
    for folder, manifest in manifests.items():
        if folder in applications:
            continue
        application = f"/{folder}".partition(f"/{MODULES}")[0].lstrip("/")
        name = folder.rpartition(MODULES)[2]
        package = Package("npm", name, str(manifest.get("version", "")), folders=(folder,))
        lock = locks.get(application)
        if lock is not None:
            entry = _child(_child(lock, "packages"), f"{folder.removeprefix(application).lstrip('/')}")
            yield replace(package, dev=entry.get("dev") is True or entry.get("devOptional") is True)
        elif application in applications and "devDependencies" in manifests[application]:
            needed = _production(application, manifests)
            yield replace(package, dev=needed is not None and folder not in needed)
        else:
            yield package


def _production(application: str, manifests: Mapping[str, dict[str, object]]) -> frozenset[str] | None:
    """The folders that the application's production dependencies resolve to, as Node resolves them;
    None where one of its own is not found that way (pnpm's links): then nothing is known."""
    found: set[str] = set()
    waiting = [application]
    while waiting:
        folder = waiting.pop()
        manifest = manifests.get(folder, {})
        kinds = ("dependencies", "optionalDependencies", "peerDependencies")
        for name in [name for kind in kinds for name in _child(manifest, kind)]:
            target = _resolve(folder, name, manifests)
            if not target and folder == application and name in _child(manifest, "dependencies"):
                return None
            if target and target not in found:
                found.add(target)
                waiting.append(target)
    return frozenset(found)


def _resolve(folder: str, name: str, manifests: Mapping[str, dict[str, object]]) -> str:
    """Looks for `name` in node_modules of the folder and of each above it."""
    while True:
        candidate = f"{folder}/{MODULES}{name}".lstrip("/")
        if candidate in manifests:
            return candidate
        if not folder:
            return ""
        folder = folder.rpartition("/")[0]


def _object(raw: bytes) -> dict[str, object]:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _child(value: dict[str, object], key: str) -> dict[str, object]:
    child = value.get(key)
    return child if isinstance(child, dict) else {}
