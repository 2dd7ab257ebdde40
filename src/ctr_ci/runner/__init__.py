"""Carries out a plan in containers and says what happens, as events.

The engine, the clock and the sink of events are arguments; nothing here prints.
"""

from __future__ import annotations

from ctr_ci.runner.build import Build, Judge, Options, Origin, Outcome
from ctr_ci.runner.images import Builders
from ctr_ci.runner.owner import KEPT, owner
from ctr_ci.runner.reap import Reaped, reap
from ctr_ci.runner.shell import Keyboard, Shell
from ctr_ci.runner.site import Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.runner.control import Control
    from ctr_ci.runner.execute import run

__all__ = [
    "KEPT",
    "Build",
    "Builders",
    "Control",
    "Judge",
    "Keyboard",
    "Options",
    "Origin",
    "Outcome",
    "Reaped",
    "Shell",
    "Site",
    "owner",
    "reap",
    "run",
]


def __getattr__(name: str) -> object:
    """What carries out a plan is loaded when asked for: the engine makes the site meanwhile."""
    if name == "run":
        from ctr_ci.runner.execute import run

        return run
    if name == "Control":
        from ctr_ci.runner.control import Control

        return Control
    raise AttributeError(name)
