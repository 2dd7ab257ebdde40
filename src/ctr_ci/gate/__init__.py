"""May this very image ship? Record and policy in, a verdict an image out.

`decide` is pure; `judge` runs the gates whose evidence it needs; `load` reads a policy.
"""

from __future__ import annotations

from ctr_ci.gate.decide import Verdict, decide
from ctr_ci.gate.keys import KEYS, Key
from ctr_ci.gate.load import load
from ctr_ci.gate.policy import Gate, Policy, Stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.gate.judging import Surroundings, judge

__all__ = ["KEYS", "Gate", "Key", "Policy", "Stage", "Surroundings", "Verdict", "decide", "judge", "load"]


def __getattr__(name: str) -> object:
    """What runs gates is loaded when asked for: a push, which only reads verdicts, does without."""
    if name in ("Surroundings", "judge"):
        from importlib import import_module

        return getattr(import_module("ctr_ci.gate.judging"), name)
    raise AttributeError(name)
