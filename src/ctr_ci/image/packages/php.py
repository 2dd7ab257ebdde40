"""PHP packages by Composer 2's vendor/composer/installed.json, which tells development needs apart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from posixpath import normpath

from ctr_ci.image.packages.package import Package

INSTALLED = "vendor/composer/installed.json"


def wanted(path: str) -> bool:
    return path.endswith(INSTALLED)


def read(kept: Mapping[str, bytes]) -> Iterator[Package]:
    for path, raw in kept.items():
        if not path.endswith(INSTALLED):
            continue
        try:
            listing = json.loads(raw)
        except (ValueError, RecursionError):
            continue
        top = listing if isinstance(listing, dict) else {"packages": listing}
        packages, named = top.get("packages"), top.get("dev-package-names")
        development = {str(name) for name in named} if isinstance(named, list) else set()
        folder = path.removesuffix("/installed.json")
        for package in packages if isinstance(packages, list) else []:
            if isinstance(package, dict) and isinstance(package.get("name"), str):
                name = package["name"]
                where = normpath(f"{folder}/{package.get('install-path') or f'../{name}'}")
                version = str(package.get("version", ""))
                yield Package("composer", name, version, folders=(where,), dev=name in development)
