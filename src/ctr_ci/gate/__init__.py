"""May this very image ship? Record and policy in, a verdict an image out.

`decide` is pure; `judge` runs the gates whose evidence it needs; `load` reads a policy.
"""

from ctr_ci.gate.decide import Verdict, decide
from ctr_ci.gate.judge import Surroundings, judge
from ctr_ci.gate.load import load
from ctr_ci.gate.policy import Gate, Policy, Stage

__all__ = ["Gate", "Policy", "Stage", "Surroundings", "Verdict", "decide", "judge", "load"]
