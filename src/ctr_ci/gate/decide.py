"""Record and policy in, verdicts out. Pure: the evidence is in the record or it does not exist."""

from __future__ import annotations

from dataclasses import dataclass

from ctr_ci.gate.policy import Policy
from ctr_ci.record import Record


@dataclass(frozen=True, slots=True)
class Verdict:
    """May the image behind `name` ship? `tested_by` holds labels of steps and names of gates;
    `because` says why (not), `help` the way to satisfy it ("" where it passed)."""

    name: str
    image_id: str
    passed: bool
    tested_by: tuple[str, ...]
    because: str
    help: str = ""


def decide(record: Record, policy: Policy) -> tuple[Verdict, ...]:
    """One verdict for each of the record's images, in their order."""
    raise NotImplementedError
