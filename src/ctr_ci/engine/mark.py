"""A process, short, in the name of a folder: so that whoever finds one can tell whether it was left."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = "ctr-ci-"  # what our folders among the temporary files begin with


def mark() -> str:
    """This process, on this machine."""
    pid = os.getpid()
    return f"{pid}.{start_ticks(pid)}"


def left(folder: str) -> bool:
    """Whether a folder of this name bears the mark of a process that has ended; False for no mark."""
    pid, _, ticks = folder.removeprefix(FOLDER).partition("-")[0].partition(".")
    return pid.isdigit() and ticks.isdigit() and start_ticks(int(pid)) != ticks


def start_ticks(pid: int) -> str:
    """The start of a process in clock ticks since boot (proc(5), field 22); "" if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    after_name = stat.rpartition(")")[2].split()
    # A zombie has ended; only its parent has not looked yet.
    return after_name[19] if len(after_name) > 19 and after_name[0] != "Z" else ""
