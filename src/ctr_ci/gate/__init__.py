"""May this very image ship? Record and policy in, a verdict an image out."""

from ctr_ci.gate.decide import Verdict, decide
from ctr_ci.gate.policy import Gate, Policy, Stage

__all__ = ["Gate", "Policy", "Stage", "Verdict", "decide"]
