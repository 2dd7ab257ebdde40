"""What we sign before cosign, which has never heard of us: both kinds of signature, and neither forged."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from conftest import StartRegistry
from ctr_ci.publish import Keyless, Signer
from ctr_ci.secret import Secret
from testbed import debian
from testbed.pushing import Push, publish
from testbed.saved import Saved, layer
from testbed.sigstore import IDENTITY, ISSUER, Sigstore, token

KINDS = ("https://in-toto.io/attestation/test-result/v0.1", "https://slsa.dev/provenance/v1")


class Cosign:
    """The command, with a home of its own and the trusted root of a test bed's Sigstore."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._program = debian.testing_tool("cosign")

    def __call__(self, image: str, kind: str, root: dict[str, object], *demand: str) -> dict[str, object]:
        """The statement that cosign believes. Raises CalledProcessError where it refuses."""
        (self._folder / "root.json").write_text(json.dumps(root))
        plain = ("--allow-http-registry", "--trusted-root", str(self._folder / "root.json"), "--type", kind)
        done = subprocess.run(
            [str(self._program), "verify-attestation", *plain, *demand, image],
            capture_output=True,
            text=True,
            env={"HOME": str(self._folder), "PATH": "/usr/bin"},
            timeout=60,
            check=True,
        )
        believed: dict[str, object] = json.loads(done.stdout.splitlines()[0])
        return believed


def image() -> Saved:
    return Saved([layer(app=b"app")])


@pytest.fixture
def cosign(tmp_path: Path) -> Cosign:
    return Cosign(tmp_path)


def test_cosign_believes_a_workflows_signature(
    registry: StartRegistry, cosign: Cosign, tmp_path: Path
) -> None:
    push = Push(registry().host)
    with Sigstore() as services:
        (tmp_path / "trust.json").write_text(services.trust_config())
        publish(push, image(), "v1", signer=Keyless(lambda: Secret(token()), tmp_path / "trust.json"))
        root = services.trusted_root()
    name = f"{push.host}/{push.name}:v1"
    issuer = ("--certificate-oidc-issuer", ISSUER)
    for kind in KINDS:
        assert cosign(name, kind, root, "--certificate-identity", IDENTITY, *issuer)
    with pytest.raises(subprocess.CalledProcessError):
        cosign(name, KINDS[0], root, "--certificate-identity", f"{IDENTITY}x", *issuer)
    with Sigstore() as other:
        foreign = other.trusted_root()
    with pytest.raises(subprocess.CalledProcessError):
        cosign(name, KINDS[0], foreign, "--certificate-identity", IDENTITY, *issuer)


def test_cosign_believes_a_keys_signature(registry: StartRegistry, cosign: Cosign, tmp_path: Path) -> None:
    def key(name: str) -> Path:
        made = generate_private_key(SECP256R1())
        (tmp_path / name).write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public = made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (tmp_path / f"{name}.pub").write_bytes(public)
        return tmp_path / name

    ours, other = key("ours"), key("other")
    push = Push(registry().host)
    publish(push, image(), "v1", signer=Signer.read(ours, None))
    with Sigstore() as services:
        root = services.trusted_root()
    name = f"{push.host}/{push.name}:v1"
    for kind in KINDS:
        assert cosign(name, kind, root, "--key", f"{ours}.pub", "--insecure-ignore-tlog")
    with pytest.raises(subprocess.CalledProcessError):
        cosign(name, KINDS[0], root, "--key", f"{other}.pub", "--insecure-ignore-tlog")
