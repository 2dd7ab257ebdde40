"""A Sigstore of our own on loopback: certificates by identity, certificate log, transparency log.

The public one cannot be reached from a test, and must not be: what it logs stays for ever. This one
signs everything with real keys in the real formats (Fulcio's API v2, RFC 6962, Rekor's API v1), so
the libraries and cosign check it as they check the real one. Its log holds one entry a tree.
"""

from __future__ import annotations

import json
import struct
from base64 import b64decode, b64encode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, cast

import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

SERVER = "https://github.com/"
ISSUER = "https://token.actions.githubusercontent.com"
IDENTITY = "https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main"
SCT_LIST = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
OIDC_ISSUER = ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
OIDC_ISSUER_V2 = ObjectIdentifier("1.3.6.1.4.1.57264.1.8")


def token(identity: str = IDENTITY, issuer: str = ISSUER, expires_in_s: int = 300) -> str:
    """An identity token as a workflow gets it (for another `issuer`: a person); nobody here looks at its
    signature."""
    now = int(datetime.now(UTC).timestamp())
    claims = {"iss": issuer, "sub": identity, "aud": "sigstore", "iat": now - 5, "exp": now + expires_in_s}
    if issuer == ISSUER:
        claims |= {"sub": "repo:acme/shop", "job_workflow_ref": identity.removeprefix(SERVER)}
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    return ".".join([*(_url64(json.dumps(part).encode()) for part in parts), _url64(b"signature")])


@dataclass(slots=True)
class Sigstore:
    """Running services. `entries` are the bodies that were logged, `tokens` those that were shown."""

    entries: list[bytes] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    authority_key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    certificate_log_key: EllipticCurvePrivateKey = field(
        default_factory=lambda: generate_private_key(SECP256R1())
    )
    log_key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    authority: x509.Certificate = field(init=False)
    server: ThreadingHTTPServer = field(init=False)

    def __post_init__(self) -> None:
        self.authority = _authority(self.authority_key)
        services = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path == "/api/v2/signingCert":
                    shown = self.headers["Authorization"].removeprefix("Bearer ")
                    made, status = services.certificate(body, shown), 200
                else:
                    made, status = services.entry(body), 201
                answer = json.dumps(made).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *arguments: object) -> None:
                """Nothing: pytest shows what matters."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self) -> Sigstore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def certificate(self, request: dict[str, str], shown: str) -> dict[str, object]:
        """Fulcio: a certificate for the key of the request and the identity of the token."""
        self.tokens.append(shown)
        payload = shown.split(".")[1]
        claims = json.loads(b64decode(payload + "=" * (-len(payload) % 4), altchars="-_"))
        asked = x509.load_pem_x509_csr(b64decode(request["certificateSigningRequest"]))
        now = datetime.now(UTC)
        issuer = claims["iss"].encode()
        workflow = claims.get("job_workflow_ref")
        name = f"{SERVER}{workflow}" if workflow else claims["sub"]
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.authority.subject)
            .public_key(asked.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(seconds=5))
            .not_valid_after(now + timedelta(minutes=10))
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(asked.public_key()), critical=False)
            .add_extension(_issuer_key(self.authority_key), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(name)]), critical=True)
            .add_extension(x509.UnrecognizedExtension(OIDC_ISSUER, issuer), critical=False)
            .add_extension(x509.UnrecognizedExtension(OIDC_ISSUER_V2, _der(12, issuer)), critical=False)
        )
        logged = self._logged(builder.sign(self.authority_key, SHA256()).tbs_certificate_bytes)
        builder = builder.add_extension(x509.UnrecognizedExtension(SCT_LIST, logged), critical=False)
        made = builder.sign(self.authority_key, SHA256())
        chain = [one.public_bytes(Encoding.PEM).decode() for one in (made, self.authority)]
        return {"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}}

    def _logged(self, certificate: bytes) -> bytes:
        """The certificate log's promise (RFC 6962 section 3.2), as the extension holds it."""
        now_ms = int(datetime.now(UTC).timestamp() * 1000)
        key_id = sha256(_spki(self.authority_key)).digest()
        entry = key_id + len(certificate).to_bytes(3, "big") + certificate
        signed = struct.pack("!BBQH", 0, 0, now_ms, 1) + entry + struct.pack("!H", 0)
        signature = self.certificate_log_key.sign(signed, ECDSA(SHA256()))
        log_id = sha256(_spki(self.certificate_log_key)).digest()
        promise = struct.pack("!B32sQHBBH", 0, log_id, now_ms, 0, 4, 3, len(signature)) + signature
        packed = struct.pack("!H", len(promise)) + promise
        return _der(4, struct.pack("!H", len(packed)) + packed)

    def entry(self, proposed: dict[str, object]) -> dict[str, object]:
        """Rekor: the envelope is logged, with promise, proof and checkpoint."""
        spec = proposed["spec"]
        assert isinstance(spec, dict)
        content = spec["proposedContent"]
        envelope = json.loads(content["envelope"])
        body = rfc8785.dumps(
            {
                "apiVersion": "0.0.1",
                "kind": "dsse",
                "spec": {
                    "envelopeHash": _hash(content["envelope"].encode()),
                    "payloadHash": _hash(b64decode(envelope["payload"])),
                    "signatures": [
                        {"signature": one["sig"], "verifier": content["verifiers"][0]}
                        for one in envelope["signatures"]
                    ],
                },
            }
        )
        self.entries.append(body)
        now = int(datetime.now(UTC).timestamp())
        log_id = sha256(_spki(self.log_key)).digest()
        root = sha256(b"\0" + body).digest()
        text = {"body": b64encode(body).decode(), "integratedTime": now, "logID": log_id.hex(), "logIndex": 0}
        host = self.url.removeprefix("http://")
        note = f"{host} - 1\n1\n{b64encode(root).decode()}\n"
        signed_note = b64encode(log_id[:4] + self._sign(note.encode())).decode()
        proof = {
            "checkpoint": f"{note}\n\N{EM DASH} {host} {signed_note}\n",
            "hashes": [],
            "logIndex": 0,
            "rootHash": root.hex(),
            "treeSize": 1,
        }
        promise = b64encode(self._sign(rfc8785.dumps(cast(Any, text)))).decode()
        found = {**text, "verification": {"inclusionProof": proof, "signedEntryTimestamp": promise}}
        return {root.hex(): found}

    def _sign(self, said: bytes) -> bytes:
        return self.log_key.sign(said, ECDSA(SHA256()))

    def trusted_root(self) -> dict[str, object]:
        """What a verifier must trust (Sigstore's TrustedRoot in JSON)."""
        subject = {"organization": "test bed", "commonName": "authority"}
        chain = {"certificates": [{"rawBytes": _64(self.authority.public_bytes(Encoding.DER))}]}
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [self._log(self.log_key)],
            "certificateAuthorities": [
                {"subject": subject, "uri": self.url, "certChain": chain, "validFor": _since()}
            ],
            "ctlogs": [self._log(self.certificate_log_key)],
            "timestampAuthorities": [],
        }

    def _log(self, key: EllipticCurvePrivateKey) -> dict[str, object]:
        public = {"rawBytes": _64(_spki(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": _since()}
        log_id = {"keyId": _64(sha256(_spki(key)).digest())}
        return {"baseUrl": self.url, "hashAlgorithm": "SHA2_256", "publicKey": public, "logId": log_id}

    def trust_config(self) -> str:
        """Where to sign, and whom to trust (Sigstore's ClientTrustConfig in JSON)."""
        service = {"url": self.url, "majorApiVersion": 1, "validFor": _since(), "operator": "test bed"}
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
                "trustedRoot": self.trusted_root(),
                "signingConfig": {
                    "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                    "caUrls": [service],
                    "oidcUrls": [service],
                    "rekorTlogUrls": [service],
                    "rekorTlogConfig": {"selector": "ANY"},
                    "tsaUrls": [],
                    "tsaConfig": {"selector": "ANY"},
                },
            }
        )


def _authority(key: EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "test bed"),
            x509.NameAttribute(NameOID.COMMON_NAME, "authority"),
        ]
    )
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _issuer_key(key: EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _since() -> dict[str, str]:
    return {"start": (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")}


def _spki(key: EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _hash(content: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": sha256(content).hexdigest()}


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([0x82]) + struct.pack("!H", size)
    return bytes([tag]) + length + content


def _64(content: bytes) -> str:
    return b64encode(content).decode()


def _url64(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")
