"""A record's signature: made by a key when the run has ended, demanded before what it says is believed.

What is signed is an in-toto statement about the digest of what the run found. The record can so travel
from the job that tested to the job that publishes, and through hands that neither trusts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ctr_ci.problem import InputError, Problem, Refused
from ctr_ci.publish import Key, Signer
from ctr_ci.record import Record, finding
from ctr_ci.verbs.publish_trust import KEY_PASSWORD

KIND = "urn:ctr-ci:record:v1"


def signer(path: Path, environment: Mapping[str, str]) -> Signer:
    """A private key (PEM), an encrypted one opened with CTR_CI_KEY_PASSWORD. Raises InputError."""
    return Signer.read(path, environment.get(KEY_PASSWORD, "").encode() or None)


def sign(record: Record, by: Signer) -> Record:
    return replace(record, signature=by.sign(_statement(record)).decode())


def check(record: Record, path: Path, key: Path) -> None:
    """Raises Refused where this public key has not signed what the record says the run found."""
    wanted = Key.read(key)
    if not record.signature:
        raise Refused(
            Problem(
                "the record is not signed",
                f"a signature by the key {key}",
                "`ctr-ci run --sign-record KEY` signs it",
                path=str(path),
            )
        )
    try:
        signed, _ = wanted.opens(record.signature.encode())
    except InputError as error:
        raise Refused(_foreign(path, key)) from error
    if signed != _statement(record):
        raise Refused(_foreign(path, key))


def _foreign(path: Path, key: Path) -> Problem:
    return Problem(
        "the record's signature does not fit it",
        f"what the owner of {key} signed",
        "it was changed since, or somebody else signed it: run the build again",
        path=str(path),
    )


def _statement(record: Record) -> bytes:
    digest = finding(record).removeprefix("sha256:")
    return json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": f"build/{record.build_id}", "digest": {"sha256": digest}}],
            "predicateType": KIND,
            "predicate": {},
        },
        separators=(",", ":"),
    ).encode()
