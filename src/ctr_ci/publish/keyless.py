"""Signed without a key: an identity (a workflow, a person) vouches, and a log remembers it for all.

The only importer of `sigstore` (extra `sigstore`). It makes a key for one signature, has it certified
for the identity that an OIDC token proves, and logs the signature; what the public log keeps for ever
is the identity and the statement's digest. Source: Sigstore client specification (client-spec.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ctr_ci.problem import InputError, Problem, WorldError
from ctr_ci.publish.attest import IN_TOTO
from ctr_ci.secret import Secret

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from sigstore.models import ClientTrustConfig
    from sigstore.oidc import IdentityToken

GITHUB = "https://token.actions.githubusercontent.com"


@dataclass(frozen=True, slots=True)
class Keyless:
    """Signs as whom `identity_token` names: asked for at each signature, since a token lives for
    minutes. `trust` is a ClientTrustConfig file of a Sigstore; None for the public-good one."""

    identity_token: Callable[[], Secret]
    trust: Path | None = None

    def check(self) -> None:
        """Raises InputError where there is no token, or none that can be used."""
        check_keyless()
        self._token()

    def sign(self, statement: bytes) -> bytes:
        """The statement in a signed and logged bundle. Raises InputError for a token or a trust
        configuration that cannot be used, WorldError where a service fails."""
        config = _config(self.trust)
        from sigstore.dsse import Statement
        from sigstore.sign import SigningContext

        token = self._token()
        try:
            with SigningContext.from_trust_config(config).signer(token) as signer:
                return signer.sign_dsse(Statement(statement)).to_json().encode()
        except Exception as error:  # noqa: BLE001  the library's errors of its services are private
            raise WorldError(Problem(f"Sigstore did not sign ({_short(error)})")) from None

    def has_signed(self, statement: bytes, bundle: bytes) -> bool:
        """Whether the bundle holds the statement, signed by the same identity."""
        check_keyless()
        from jwt import decode

        token = self._token()
        # Fulcio certifies a GitHub token for its workflow, all others for what the library says.
        workflow = decode(str(token), options={"verify_signature": False}).get("job_workflow_ref")
        name = f"https://*/{workflow}" if workflow else token.identity
        try:
            return Identity(name, token.federated_issuer, self.trust).opens(bundle)[0] == statement
        except InputError:
            return False

    def _token(self) -> IdentityToken:
        from sigstore.oidc import IdentityError, IdentityToken

        try:
            return IdentityToken(self.identity_token().reveal())
        except IdentityError as error:
            raise InputError(
                Problem(
                    f"an identity token that cannot be used ({_short(error)})",
                    expected="an OIDC token for the audience `sigstore`, fresh",
                )
            ) from None


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose signature is believed: `name` as the certificate has it (a workflow's URL, an address),
    `*` in it standing for any text, certified for a token of exactly `issuer`. Only the last sign of a
    name may stand for an `@` too: a branch may be called `x@refs/heads/main`, and is not that branch."""

    name: str
    issuer: str = GITHUB
    trust: Path | None = None

    def opens(self, bundle: bytes) -> tuple[bytes, str]:
        """The statement of a bundle, and who signed it. Raises InputError where it is not signed so."""
        config = _config(self.trust)
        from sigstore.models import Bundle
        from sigstore.verify import Verifier as Sigstore
        from sigstore.verify.policy import AllOf, AnyOf, OIDCIssuer, OIDCIssuerV2

        issuer = AnyOf([OIDCIssuerV2(self.issuer), OIDCIssuer(self.issuer)])
        try:
            read = Bundle.from_json(bundle)
            policy = AllOf([_Named(self.name), issuer])
            kind, payload = Sigstore(trusted_root=config.trusted_root).verify_dsse(read, policy)
            if kind != IN_TOTO:
                raise ValueError(f"what is signed is {kind[:80]!r}, not {IN_TOTO}")
        except Exception as error:  # noqa: BLE001  whatever the library says of a bundle, it is not believed
            raise InputError(Problem(f"a statement not signed by {self.name} ({_short(error)})")) from None
        return payload, _names(read.signing_certificate)[0]


@dataclass(frozen=True, slots=True)
class _Named:
    """A policy of the library: one of the certificate's names fits the pattern."""

    pattern: str

    def verify(self, cert: Certificate) -> None:
        from sigstore.errors import VerificationError

        names = _names(cert)
        last = ".*" if self.pattern.endswith("*") else ""
        parts = self.pattern.removesuffix("*").split("*")
        wanted = "[^@]*".join(map(re.escape, parts)) + last
        if not any(re.fullmatch(wanted, name) for name in names):
            raise VerificationError(f"signed by {', '.join(names) or 'nobody'}")


def check_keyless() -> None:
    """Raises InputError where the library that signs is not installed."""
    from importlib.util import find_spec

    if find_spec("sigstore") is None:
        raise InputError(
            Problem("signing by identity needs the library sigstore", help="pip install 'ctr-ci[sigstore]'")
        )


def ambient_token() -> Secret:
    """The identity token that this platform gives its jobs (GitHub, GitLab, Buildkite, CircleCI, Google).
    Raises InputError where there is none, saying how to get one."""
    check_keyless()
    from sigstore.oidc import IdentityError, detect_credential

    ways = (
        "on GitHub: `permissions: {id-token: write}`; elsewhere: a token for the audience `sigstore` in "
        "SIGSTORE_ID_TOKEN, or sign by key: `--attest signed --key FILE`"
    )
    try:
        found = detect_credential()
    except IdentityError as error:
        raise InputError(Problem(f"no identity to sign with ({_short(error)})", help=ways)) from None
    if found is None:
        raise InputError(Problem("no identity to sign with", help=ways))
    return Secret(found)


def _config(path: Path | None) -> ClientTrustConfig:
    check_keyless()
    from pydantic import ValidationError
    from sigstore.errors import Error, TUFError
    from sigstore.models import ClientTrustConfig

    try:
        return ClientTrustConfig.from_json(path.read_text()) if path else ClientTrustConfig.production()
    except TUFError as error:
        raise WorldError(
            Problem(
                f"Sigstore's keys cannot be fetched ({_short(error)})",
                help="without the network: `--trust-config FILE` (JSON of Sigstore's ClientTrustConfig)",
            )
        ) from None
    except (Error, ValidationError, ValueError, OSError) as error:
        raise InputError(
            Problem(
                f"a trust configuration that cannot be used ({_short(error)})",
                expected="JSON of Sigstore's ClientTrustConfig",
                path=str(path),
            )
        ) from None


def _names(certificate: Certificate) -> list[str]:
    """Whom a certificate is made out to: URLs and addresses."""
    from cryptography.x509 import ExtensionNotFound, RFC822Name, SubjectAlternativeName
    from cryptography.x509 import UniformResourceIdentifier as Url

    try:
        names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    except ExtensionNotFound:
        return []
    return [*names.get_values_for_type(Url), *names.get_values_for_type(RFC822Name)]


def _short(error: Exception) -> str:
    """The first line of what a library says, or its kind."""
    return next(iter(str(error).strip().splitlines()), "") or type(error).__name__
