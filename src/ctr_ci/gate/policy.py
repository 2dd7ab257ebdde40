"""What an image must have passed before it may ship: `ctr-ci.yaml`'s gates, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """`require` names the stages and gates that every image needs; empty: the implicit rule, that a
    step which started after the build of the image ran it and passed."""

    require: tuple[str, ...] = ()
