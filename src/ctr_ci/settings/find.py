"""Finds the configuration that rules a run, and merges ours with hadolint's.

Ours: the nearest `ctr-ci.yaml`, `ctr-ci.yml` or pyproject.toml with `[tool.ctr-ci]`, from the working
folder up to the repository's root. hadolint's: where hadolint looks, the first one wins. Where both
speak of the same key, ours wins.
"""

from __future__ import annotations

import os

from ctr_ci.problem import InputError, Problem
from ctr_ci.settings.model import LintSettings, Settings
from ctr_ci.source import Source
from ctr_ci.value import fields, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OURS = ("ctr-ci.yaml", "ctr-ci.yml", "pyproject.toml")


def settings(folder: str, environment: Mapping[str, str], file: str = "", use_files: bool = True) -> Settings:
    """The settings for a run in `folder`. `file` is the user's choice (ours or a hadolint config by
    its name); `use_files` False reads no file. Raises InputError."""
    if not use_files:
        return Settings(LintSettings())
    if file:
        return _given(file)
    ours = _ours(folder)
    theirs = _hadolint(folder, environment)
    if ours is None and theirs is None:
        found = Settings(LintSettings())
    elif ours is None or theirs is None:
        found = ours or Settings(theirs or LintSettings())
    else:
        found = replace(ours, lint=_merged(ours.lint, theirs))
    if any(key.startswith("HADOLINT_") for key in environment):
        from ctr_ci.settings.hadolint import from_environment

        found = replace(found, lint=from_environment(found.lint, environment))
    return found


def _given(path: str) -> Settings:
    if "hadolint" in os.path.basename(path):
        from ctr_ci.settings.hadolint import read as read_hadolint

        return Settings(read_hadolint(_read(path)))
    found = _read_ours(path)
    if found is None:
        raise InputError(Problem("no [tool.ctr-ci] in it", "the table that configures ctr-ci", path=path))
    return found


def _ours(folder: str) -> Settings | None:
    for place in _upwards(folder):
        for name in OURS:
            path = os.path.join(place, name)
            if os.path.isfile(path):
                found = _read_ours(os.path.relpath(path))
                if found is not None:
                    return found
    return None


def _read_ours(path: str) -> Settings | None:
    source = _read(path)
    in_table = os.path.basename(path) == "pyproject.toml"
    if in_table and "tool.ctr-ci" not in source.text:
        return None
    from ctr_ci.settings.load import read

    return read(source, ("tool", "ctr-ci") if in_table else ())


def _upwards(folder: str) -> Iterator[str]:
    place = os.path.abspath(folder)
    while True:
        yield folder if place == os.path.abspath(folder) else place
        parent = os.path.dirname(place)
        if parent == place or os.path.exists(os.path.join(place, ".git")):
            return
        place = parent


def _hadolint(folder: str, environment: Mapping[str, str]) -> LintSettings | None:
    home = environment.get("HOME", "")
    xdg = environment.get("XDG_CONFIG_HOME", "") or (os.path.join(home, ".config") if home else "")
    places = [os.path.join(folder, ".hadolint")]
    places += [os.path.join(xdg, "hadolint")] if xdg else []
    if home:
        places += [
            os.path.join(home, *parts) for parts in ((".hadolint", "hadolint"), (".hadolint", "config"))
        ]
        places.append(os.path.join(home, ".hadolint"))
    for place in places:
        for path in (f"{place}.yaml", f"{place}.yml"):
            if os.path.isfile(path):
                from ctr_ci.settings.hadolint import read

                return read(_read(os.path.normpath(path)))
    return None


def _merged(ours: LintSettings, theirs: LintSettings) -> LintSettings:
    plain = LintSettings()
    chosen = {
        key: getattr(ours if getattr(ours, key) != getattr(plain, key) else theirs, key)
        for key in fields(plain)
    }
    return LintSettings(**chosen | {"hadolint": True, "read": (*ours.read, *theirs.read)})


def _read(path: str) -> Source:
    try:
        with open(path, "rb") as file:
            return Source.decode(path, file.read())
    except OSError as error:
        raise InputError(
            Problem(f"cannot read the configuration: {error.strerror}", "a readable file", path=path)
        ) from error
