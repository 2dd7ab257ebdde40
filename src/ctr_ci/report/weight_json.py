"""An image's weight as JSON: versioned, only added to. Sizes in bytes, layers from 1."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ctr_ci.image import Breach, Item, Share, Weight, sums

VERSION = 1
DUPLICATES = 100


def weight_json(weight: Weight, breaches: tuple[Breach, ...] = (), *, files: bool = False) -> str:
    """`files`: every path too, not the sums alone."""
    hidden = [item for item in weight.items if item.share is Share.WASTE]
    shown = [item for item in weight.items if item.share is not Share.WASTE]
    by_how = dict(sums(hidden, lambda item: item.how))
    counts: dict[str, int] = {}
    for package in weight.packages:
        counts[package.ecosystem] = counts.get(package.ecosystem, 0) + (not package.removed)
    report = {
        "version": VERSION,
        "image": {
            "id": weight.image_id,
            "names": weight.names,
            "os": weight.os,
            "architecture": weight.architecture,
            "size": weight.size_bytes,
            "tar_bytes": sum(layer.tar_bytes for layer in weight.layers),
            "files": len(shown),
            "command": weight.command,
            "base_layers": sum(layer.base for layer in weight.layers),
            "base_from": weight.base_from or None,
        },
        "shares": {share.value: size for share, size in weight.shares()},
        "build_bytes": weight.build_bytes,
        "waste": {
            "overwritten": by_how.get("overwritten", 0),
            "stored_again": by_how.get("stored again", 0),
            "deleted": by_how.get("deleted", 0),
            "build_only": sum(item.size for item in hidden if item.was is Share.BUILD),
        },
        "layers": [
            {
                "layer": layer.index + 1,
                "diff_id": layer.diff_id,
                "instruction": layer.instruction or None,
                "created": layer.created or None,
                "base": layer.base,
                "size": layer.size_bytes,
                "tar_bytes": layer.tar_bytes,
                "files": layer.files,
                "shares": _by_share(item for item in weight.items if item.layer == layer.index),
            }
            for layer in weight.layers
        ],
        "ecosystems": [
            {"ecosystem": name or None, "size": size, "packages": counts.get(name, 0)}
            for name, size in sums(shown, lambda item: item.ecosystem)
        ],
        "packages": [
            {
                "ecosystem": package.ecosystem,
                "name": package.name,
                "version": package.version,
                "size": package.size_bytes,
                "files": package.files,
                "share": package.share.value,
                "why": package.why or None,
                "layer": package.layer + 1 or None,
                "removed": package.removed,
            }
            for package in weight.packages
        ],
        "compilers": [{"language": language, "path": f"/{path}"} for language, path in weight.compilers],
        "efficiency": round(weight.efficiency, 4),
        "secrets": [
            {
                "path": f"/{leak.path}",
                "layer": leak.layer + 1,
                "what": leak.what,
                "hidden_by": leak.hidden_by + 1 or None,
            }
            for leak in weight.secrets
        ],
        "duplicates": [
            {
                "size": each.size_bytes,
                "wasted": each.wasted_bytes,
                "paths": [f"/{path}" for path in each.paths],
            }
            for each in weight.duplicates[:DUPLICATES]
        ],
        "limits": [
            {"limit": each.limit, "found": each.found, "allowed": each.allowed, "message": each.text}
            for each in breaches
        ],
        "notes": weight.notes,
    }
    if files:
        report["files"] = [_file(item) for item in weight.items]
    return json.dumps(report, indent=1, ensure_ascii=True) + "\n"


def _by_share(items: Iterator[Item]) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in items:
        found[item.share.value] = found.get(item.share.value, 0) + item.size
    return found


def _file(item: Item) -> dict[str, str | int | None]:
    return {
        "path": f"/{item.path}",
        "layer": item.layer + 1,
        "size": item.size,
        "share": item.share.value,
        "was": item.was.value,
        "why": item.why or None,
        "ecosystem": item.ecosystem or None,
        "package": item.package or None,
        "hidden": item.how or None,
        "hidden_by": item.by + 1 or None,
    }
