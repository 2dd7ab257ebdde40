"""Proof in bytes: holds what the linter suspects against the image that was built."""

from ctr_ci.prove.measure import FLAGSHIP, Proven, measure, prove

__all__ = ["FLAGSHIP", "Proven", "measure", "prove"]
