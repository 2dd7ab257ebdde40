"""What inspect calls build-only is what the clean twin lacks, in bytes; and the clean twin has none."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from fnmatch import fnmatchcase

import pytest

from ctr_ci.engine import connect
from ctr_ci.image import Share, Weight, inspect
from engine.twins import RECORDS, TWINS, Twin, build
from testbed import api

WITHIN = 0.05


def weight(engine_socket: str, name: str) -> Weight:
    engine = connect(f"unix://{engine_socket}")
    try:
        image = engine.image(name)
        assert image is not None
        return inspect(engine.export(image.id), engine_bytes=image.size_bytes)
    finally:
        engine.close()


def run(engine_socket: str, *arguments: str) -> str:
    return subprocess.run(
        ["docker", "-H", f"unix://{engine_socket}", "run", "--rm", "--network", "none", *arguments],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def filesystem(engine_socket: str, name: str) -> dict[str, int]:
    """Path → bytes of each file that a container sees, as `find` in it says; hard links once."""
    listed = run(
        engine_socket, "--entrypoint", "find", name, "/", "-xdev", "-type", "f", "-printf", r"%i %s %P\n"
    )
    found: dict[str, tuple[str, int]] = {}
    for line in listed.splitlines():
        inode, size, path = line.split(" ", 2)
        found.setdefault(inode, (path, int(size)))
    return dict(found.values())


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.name)
def test_build_only_bytes_are_what_the_clean_twin_lacks(
    twin: Twin, engine_socket: str, debian: str, toolchain: Callable[[str], str]
) -> None:
    single = build(engine_socket, twin, twin.single, "single", toolchain)
    multi = build(engine_socket, twin, twin.multi, "multi", toolchain)
    assert run(engine_socket, single) == run(engine_socket, multi) == twin.prints

    fat, clean = weight(engine_socket, single), weight(engine_socket, multi)
    for measured, name in ((fat, single), (clean, multi)):
        told = json.loads(api.call(engine_socket, "GET", f"/images/{name}/json"))
        assert measured.size_bytes == told["Size"]
        assert measured.image_id == told["Id"]
        assert sum(size for _, size in measured.shares()) == told["Size"]

    build_items = [item for item in clean.items if item.share is Share.BUILD]
    assert not build_items, [(item.path, item.why) for item in build_items][:20]
    assert not clean.compilers

    has, lacks = filesystem(engine_socket, single), filesystem(engine_socket, multi)
    ignored = (*RECORDS, *twin.not_build)
    extra = {
        path: size
        for path, size in has.items()
        if path not in lacks and not any(fnmatchcase(path, pattern) for pattern in ignored)
    }
    true = sum(extra.values())
    ours = {item.path: item for item in fat.items if item.share is Share.BUILD}
    counted = sum(
        item.size for item in ours.values() if not any(fnmatchcase(item.path, pattern) for pattern in ignored)
    )
    missed = sorted(((size, path) for path, size in extra.items() if path not in ours), reverse=True)
    wrong = sorted(((item.size, path) for path, item in ours.items() if path in lacks), reverse=True)
    assert abs(fat.bytes_of(Share.BUILD) - true) <= WITHIN * true, (missed[:20], wrong[:20])
    assert abs(counted - true) <= WITHIN * true, (missed[:20], wrong[:20])

    shares = {item.path: item.share.value for item in fat.items if item.share is not Share.WASTE}
    for pattern, share in twin.expected:
        found = {path: got for path, got in shares.items() if fnmatchcase(path, pattern)}
        assert found, pattern
        assert set(found.values()) == {share}, (pattern, found)
    assert {language for language, _ in fat.compilers} >= set(twin.languages)
