"""`ctr-ci verify`: an image against its evidence, for whoever deploys it: what is attached to a pushed
digest, or, with `--record`, what a run wrote down; no registry is asked then."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from ctr_ci import record as records
from ctr_ci.gate import Policy
from ctr_ci.oci import Reference
from ctr_ci.problem import Exit, InputError, Problem
from ctr_ci.publish import releases
from ctr_ci.publish import verify as verdict_of
from ctr_ci.report import receipt as receipts
from ctr_ci.verbs import publish_parts as parts
from ctr_ci.verbs import record_seal
from ctr_ci.verbs.publish_trust import NOBODY, Trusted


@dataclass(frozen=True, slots=True)
class Request:
    """`reference`: the image in its registry; with `record` its ID, or its name or pushed digest there.
    `require`: names of tests that must have passed."""

    reference: str
    reach: parts.Reach
    require: tuple[str, ...] = ()
    trusted: Trusted = NOBODY
    json: bool = False
    record: Path | None = None


def verify(request: Request) -> Exit:
    """Exit DONE where the evidence suffices; Refused says what is missing."""
    if request.record is not None:
        sys.stdout.write(_by_record(request, request.record))
        return Exit.DONE
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


def _by_record(request: Request, path: Path) -> str:
    """What to print. Raises Refused where the run did not test the image, or the demanded key has not
    signed what the run found."""
    trusted = request.trusted
    if trusted.identity or trusted.issuer or trusted.trust_config:
        raise InputError(Problem("an identity to demand of a record", "a key: records are signed by key"))
    record = records.read(path)
    if trusted.key:
        record_seal.check(record, path, Path(trusted.key))
    name, _, digest = request.reference.partition("@")
    pushed = any(digest == one.digest and one.name.startswith(f"{name}:") for one in record.pushed)
    found = releases(record, Policy(require=request.require), "" if pushed else request.reference)
    images = dict.fromkeys(one.image_id for one in found)
    if pushed and len(images) > 1:
        raise InputError(
            Problem(
                f"{request.reference} is one of the {len(images)} images of build {record.build_id}",
                "the image's ID, since the record does not say which",
            )
        )
    signer = f"the key {trusted.key}" if trusted.key else ""
    if request.json:
        return json.dumps(receipts.tested_json(found[0], str(path), signer)) + "\n"
    return receipts.tested_text(found[0], str(path), signer)
