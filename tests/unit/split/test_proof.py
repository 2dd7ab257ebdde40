"""What a proof says of two images, held against each other as bytes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ctr_ci.image import Contents, contents
from ctr_ci.split import Artefact, Check, Split, compare, left_behind
from unit.image.pack import Content, archive, cut, pack
from unit.image.test_elf import elf

APP = elf(("libneeded.so.1",), gap=0)
LIBRARY = elf((), gap=0)
CONFIG: dict[str, object] = {"Cmd": ["app"], "Env": ["PATH=/usr/bin", "MODE=x", "GOLANG_VERSION=1", "LANG=C"]}
OLD: dict[str, Content] = {
    "usr/bin/app": APP,
    "usr/lib/libneeded.so.1": LIBRARY,
    "src/main.go": "package main",
    "srv/page.html": "<p>",
}
NEW: dict[str, Content] = {"usr/bin/app": APP, "usr/lib/libneeded.so.1": LIBRARY}
NEW_CONFIG: dict[str, object] = {"Cmd": ["app"], "Env": ["PATH=/usr/bin", "MODE=x", "LANG=C"]}


def image(files: Mapping[str, Content], config: Mapping[str, object], mode: int = 0o755) -> Contents:
    return contents(cut(archive([pack(files, mode)], config=config), 1 << 16))


def checks(
    files: Mapping[str, Content] = NEW, config: Mapping[str, object] = NEW_CONFIG, mode: int = 0o755
) -> dict[str, Check]:
    made = Split(
        "", "Go", "debian", (Artefact("/usr/bin/app", "it is started"),), (), (), frozenset({"MODE"})
    )
    return {one.name: one for one in compare(image(OLD, CONFIG), image(files, config, mode), made)}


def test_the_same_program_on_less_is_proven() -> None:
    assert not [reason for one in checks().values() for reason in one.reasons]


FAILS: dict[str, tuple[str, dict[str, Content], dict[str, object], str]] = {
    "other command": ("configuration", NEW, NEW_CONFIG | {"Cmd": ["other"]}, 'Cmd was ["app"] and is'),
    "a user of the new base": ("configuration", NEW, NEW_CONFIG | {"User": "nonroot"}, "User was not set"),
    "the file's variable": (
        "configuration",
        NEW,
        NEW_CONFIG | {"Env": ["LANG=C"]},
        "variable MODE was 'x' and is not there",
    ),
    "the old base's locale": (
        "configuration",
        NEW,
        NEW_CONFIG | {"Env": ["MODE=x"]},
        "variable LANG was 'C' and is not there",
    ),
    "a port": (
        "configuration",
        NEW,
        NEW_CONFIG | {"ExposedPorts": {"80/tcp": {}}},
        "ExposedPorts: 80/tcp is new",
    ),
    "no program": ("command", {"usr/lib/libneeded.so.1": LIBRARY}, NEW_CONFIG, "app (/usr/bin/app) is not"),
    "no library": ("libraries", {"usr/bin/app": APP}, NEW_CONFIG, "libneeded.so.1, which /usr/bin/app needs"),
    "a library where no loader looks": (
        "libraries",
        {"usr/bin/app": APP, "srv/libneeded.so.1": LIBRARY},
        NEW_CONFIG,
        "libneeded.so.1, which",
    ),
    "other content": ("files", NEW | {"usr/bin/app": APP + b"x"}, NEW_CONFIG, "has other content"),
    "a compiler": ("toolchain", NEW | {"usr/bin/rustc": LIBRARY}, NEW_CONFIG, "rustc ships"),
}


@pytest.mark.parametrize("name", FAILS)
def test_what_is_lost_or_changed_is_named(name: str) -> None:
    part, files, config, reason = FAILS[name]
    failed = {one.name: one for one in checks(files, config).values() if not one.holds}
    assert reason in failed[part].reasons[0]


def test_another_mode_is_a_difference() -> None:
    found = checks(mode=0o744)
    assert found["files"].reasons == ("/usr/bin/app has mode 744, not 755",)
    assert found["command"].holds


def test_what_cannot_be_executed_cannot_be_started() -> None:
    assert checks(mode=0o644)["command"].reasons == ("app (/usr/bin/app) is not executable",)


def test_files_that_nobody_owns_and_that_stayed_behind_are_listed() -> None:
    assert left_behind(image(OLD, CONFIG), image(NEW, NEW_CONFIG)) == ("srv/page.html",)
