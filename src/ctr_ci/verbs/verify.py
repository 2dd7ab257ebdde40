"""`ctr-ci verify`: a pushed digest against its evidence, for whoever deploys it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

from ctr_ci.oci import Reference
from ctr_ci.problem import Exit
from ctr_ci.publish import verify as verdict_of
from ctr_ci.report import receipt as receipts
from ctr_ci.verbs import publish_parts as parts
from ctr_ci.verbs.publish_trust import NOBODY, Trusted


@dataclass(frozen=True, slots=True)
class Request:
    """`require`: names of tests that must have passed."""

    reference: str
    reach: parts.Reach
    require: tuple[str, ...] = ()
    trusted: Trusted = NOBODY
    json: bool = False


def verify(request: Request) -> Exit:
    """Exit DONE where the evidence suffices; Refused says what is missing."""
    reference = Reference.parse(request.reference)
    verifier = request.trusted.read()
    clients = parts.Clients(request.reach)
    try:
        registry = clients.registry(reference.repository, writes=False)
        found = verdict_of(registry, reference, request.require, verifier)
    finally:
        clients.close()
    shown = json.dumps(receipts.verdict_json(found)) + "\n" if request.json else receipts.verdict_text(found)
    sys.stdout.write(shown)
    return Exit.DONE
