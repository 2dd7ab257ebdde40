"""Who made a thing in the engine, written so that a later process can tell whether it still lives.

`<machine>.<boot>.<pid namespace>/<pid>/<start ticks>`: a pid alone is reused; a boot or a pid
namespace that is not ours means that the pid says nothing here.
"""

from __future__ import annotations

import os
from pathlib import Path

from ctr_ci.engine import start_ticks

KEPT = "kept"  # instead of an owner: left on purpose, so no process's end gives it up


def owner() -> str:
    """This process."""
    pid = os.getpid()
    return f"{_place()}/{pid}/{start_ticks(pid)}"


def dead(name: str) -> bool:
    """Whether the process that `name` means has certainly ended.

    False where we cannot know: another machine's, or another container's on this one.
    """
    place, _, process = name.partition("/")
    pid, _, ticks = process.partition("/")
    ours, theirs = _place().split("."), place.split(".")
    if len(theirs) != len(ours) or not pid.isdigit() or theirs[0] != ours[0]:
        return False
    if theirs[1] != ours[1]:
        return True  # this machine was started anew since
    return theirs[2] == ours[2] and start_ticks(int(pid)) != ticks


def _place() -> str:
    machine = _read("/etc/machine-id") or os.uname().nodename
    boot = _read("/proc/sys/kernel/random/boot_id")
    try:
        namespace = str(os.stat("/proc/self/ns/pid").st_ino)
    except OSError:
        namespace = "0"
    return f"{_plain(machine)}.{_plain(boot)}.{namespace}"


def _plain(text: str) -> str:
    return text.replace(".", "-").replace("/", "-")


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""
