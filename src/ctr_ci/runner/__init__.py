"""Carries out a plan in containers and says what happens, as events.

The engine, the clock and the sink of events are arguments; nothing here prints.
"""

from __future__ import annotations

from ctr_ci.runner.build import Build, Judge, Options, Outcome
from ctr_ci.runner.control import Control
from ctr_ci.runner.execute import run
from ctr_ci.runner.images import Builders
from ctr_ci.runner.owner import KEPT, owner
from ctr_ci.runner.reap import Reaped, reap
from ctr_ci.runner.shell import Keyboard, Shell

__all__ = [
    "KEPT",
    "Build",
    "Builders",
    "Control",
    "Judge",
    "Keyboard",
    "Options",
    "Outcome",
    "Reaped",
    "Shell",
    "owner",
    "reap",
    "run",
]
