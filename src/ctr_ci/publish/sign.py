"""Signed statements: a DSSE envelope in a Sigstore bundle, by a key (ECDSA P-256 or Ed25519).

The bundle has the form that cosign attaches since its version 3, so cosign reads what we sign and
the other way round (with `--insecure-ignore-tlog`: a key's signature is in no transparency log).
`cryptography` is imported when a key is read. Sources: DSSE protocol 1.0; Sigstore bundle v0.3.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ctr_ci.oci import Object
from ctr_ci.problem import InputError, Problem
from ctr_ci.publish.attest import IN_TOTO

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import (
        ECDSA,
        EllipticCurvePrivateKey,
        EllipticCurvePublicKey,
    )
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"


class Verifier(Protocol):
    """Whose signatures are believed: a key's, or an identity's."""

    def opens(self, bundle: bytes) -> tuple[bytes, str]:
        """The statement of a bundle, and who signed it. Raises InputError where it is not signed so."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key that evidence must be signed with."""

    public: EllipticCurvePublicKey | Ed25519PublicKey

    @classmethod
    def read(cls, path: Path) -> Key:
        """A public key in PEM. Raises InputError."""
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        try:
            found = load_pem_public_key(path.read_bytes())
        except (OSError, ValueError, UnsupportedAlgorithm) as error:
            raise _unreadable(path, error) from error
        if not isinstance(found, EllipticCurvePublicKey | Ed25519PublicKey):
            raise _unreadable(path, None)
        return cls(found)

    def opens(self, bundle: bytes) -> tuple[bytes, str]:
        """The statement of a bundle, and who signed it. Raises InputError where the key did not."""
        envelope = _envelope(bundle)
        kind, payload = envelope.text("payloadType"), _decoded(envelope.text("payload"))
        if kind != IN_TOTO:
            raise InputError(Problem(f"what is signed is {kind[:80]!r}", expected=IN_TOTO))
        signed = _encoding(kind, payload)
        if not any(self._verifies(_decoded(s.text("sig")), signed) for s in envelope.children("signatures")):
            raise InputError(Problem("a statement that the key has not signed"))
        return payload, "the key"

    def _verifies(self, signature: bytes, signed: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            if isinstance(self.public, Ed25519PublicKey):
                self.public.verify(signature, signed)
            else:
                self.public.verify(signature, signed, _ecdsa())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key; never shown, never written."""

    private: EllipticCurvePrivateKey | Ed25519PrivateKey

    @classmethod
    def read(cls, path: Path, password: bytes | None) -> Signer:
        """A private key in PEM (PKCS #8), perhaps encrypted. Raises InputError, showing nothing of it."""
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            found = load_pem_private_key(path.read_bytes(), password)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise _unreadable(path, error) from None
        if not isinstance(found, EllipticCurvePrivateKey | Ed25519PrivateKey):
            raise _unreadable(path, None)
        return cls(found)

    def __repr__(self) -> str:
        return "Signer(***)"

    def sign(self, statement: bytes) -> bytes:
        """The statement in a signed bundle."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        signed = _encoding(IN_TOTO, statement)
        if isinstance(self.private, Ed25519PrivateKey):
            signature = self.private.sign(signed)
        else:
            signature = self.private.sign(signed, _ecdsa())
        bundle = {
            "mediaType": BUNDLE,
            "verificationMaterial": {"publicKey": {"hint": _hint(self.private)}},
            "dsseEnvelope": {
                "payload": b64encode(statement).decode(),
                "payloadType": IN_TOTO,
                "signatures": [{"sig": b64encode(signature).decode()}],
            },
        }
        return json.dumps(bundle, separators=(",", ":")).encode()

    def has_signed(self, statement: bytes, bundle: bytes) -> bool:
        """Whether the bundle holds the statement, signed with this key."""
        try:
            return Key(self.private.public_key()).opens(bundle)[0] == statement
        except InputError:
            return False


def statement_of(bundle: bytes) -> bytes:
    """What a bundle states, whoever signed it. Raises InputError where it is none."""
    return _decoded(_envelope(bundle).text("payload"))


def _envelope(bundle: bytes) -> Object:
    return Object.parse(bundle, "the bundle").child("dsseEnvelope")


def _encoding(kind: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what is really signed."""
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload)


def _ecdsa() -> ECDSA:
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    return ECDSA(SHA256())


def _hint(private: EllipticCurvePrivateKey | Ed25519PrivateKey) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(sha256(der).digest()).decode()


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError as error:
        raise InputError(Problem("an envelope that is not base64")) from error


def _unreadable(path: Path, error: Exception | None) -> InputError:
    why = error.strerror if isinstance(error, OSError) else "no such key in it, or its password is wrong"
    return InputError(
        Problem(
            f"a key that cannot be used ({why})",
            expected="PEM of an ECDSA P-256 or Ed25519 key",
            path=str(path),
        )
    )
