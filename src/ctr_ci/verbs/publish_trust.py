"""Whose signature is made, and whose is demanded: what `publish` and `verify` say of keys and identities."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ctr_ci.problem import InputError, Problem
from ctr_ci.publish import GITHUB, Identity, Key, Keyless, Seal, Signer, Verifier, ambient_token
from ctr_ci.secret import Secret

IDENTITY_TOKEN = "SIGSTORE_ID_TOKEN"  # noqa: S105  a variable's name, cosign's and GitLab's own
KEY_PASSWORD = "CTR_CI_KEY_PASSWORD"  # noqa: S105  a variable's name


def seal_of(attest: str, key: str, trust_config: str) -> Seal | None:
    """What signs: for `signed` the key of `--key`, an encrypted one opened with the variable
    CTR_CI_KEY_PASSWORD; for `keyless` the identity of SIGSTORE_ID_TOKEN, else that of this job."""
    if attest == "keyless":
        given = os.environ.pop(IDENTITY_TOKEN, "")
        trust = Path(trust_config) if trust_config else None
        seal = Keyless((lambda: Secret(given)) if given else ambient_token, trust)
        seal.check()  # before anything is sent
        return seal
    if attest != "signed":
        return None
    if not key:
        raise InputError(
            Problem(
                "--attest signed without a key",
                expected="--key FILE (PEM)",
                help="a job's own identity signs with `--attest keyless`",
            )
        )
    password = os.environ.pop(KEY_PASSWORD, "")
    return Signer.read(Path(key), password.encode() or None)


@dataclass(frozen=True, slots=True)
class Trusted:
    """Whose signature a command was told to demand: a public key's file, or an identity as a
    certificate names it, its issuer, and the trust configuration of a Sigstore; "" for none."""

    key: str = ""
    identity: str = ""
    issuer: str = ""
    trust_config: str = ""

    def read(self) -> Verifier | None:
        """None where any evidence will do. Raises InputError."""
        if self.key and self.identity:
            raise InputError(Problem("--key and --certificate-identity", expected="one of them"))
        if self.identity:
            trust = Path(self.trust_config) if self.trust_config else None
            return Identity(self.identity, self.issuer or GITHUB, trust)
        for option, said in (
            ("--certificate-oidc-issuer", self.issuer),
            ("--trust-config", self.trust_config),
        ):
            if said:
                raise InputError(Problem(f"{option} alone", expected="--certificate-identity with it"))
        return Key.read(Path(self.key)) if self.key else None


NOBODY = Trusted()  # no signature is demanded
