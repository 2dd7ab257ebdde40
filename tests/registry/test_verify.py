"""Evidence travels with the image: attached by publish, read back and judged by verify."""

from __future__ import annotations

import json
import subprocess
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from conftest import StartRegistry
from ctr_ci.gate import Policy
from ctr_ci.oci import Descriptor, Digest, Manifest, Reference, Repository, image_index
from ctr_ci.problem import CtrCiError, InputError, Refused
from ctr_ci.publish import (
    Builder,
    Key,
    Signer,
    Verified,
    Verifier,
    documents,
    releases,
    unverified,
    verify,
)
from ctr_ci.publish.attest import Evidence
from ctr_ci.publish.verify import Finding as Verdict
from ctr_ci.registry import blobs, manifests, referrers
from ctr_ci.report.receipt import verdict_text
from testbed.fault_proxy import Answer, FaultProxy, Seen
from testbed.pushing import Push, publish, record_of, stored, tags, to
from testbed.saved import Saved, layer


def image() -> Saved:
    return Saved([layer(app=b"app")])


def check(push_: Push, selector: str, require: tuple[str, ...] = (), key: Verifier | None = None) -> Verified:
    with push_.registry() as registry:
        return verify(registry, Reference.parse(f"{push_.host}/{push_.name}{selector}"), require, key)


def keys(folder: Path) -> tuple[Signer, Key]:
    private = generate_private_key(SECP256R1())
    secret, public = folder / "k.pem", folder / "k.pub"
    secret.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return Signer.read(secret, None), Key.read(public)


def test_a_published_image_verifies_by_tag_and_by_digest(registry: StartRegistry) -> None:
    push_ = to(registry("token"))
    saved = image()
    _, digest = publish(push_, saved, "v1")
    for selector in (":v1", f"@{digest}"):
        found = check(push_, selector)
        assert found.digest == digest
        assert str(found.image_id) == saved.image_id
        assert any("smoke" in test for test in found.passed)
        assert not found.signers


def test_the_evidence_is_there_before_the_tag(registry: StartRegistry) -> None:
    started = registry()
    seen: list[str] = []

    def note(request: Seen) -> None:
        if request.method == "PUT" and "manifests" in request.path:
            seen.append(request.path.rpartition("/")[2][:7])

    between = FaultProxy(started.host, note).start()
    publish(Push(between.host), image(), "v1")
    between.stop()
    assert seen[-1] == "v1"
    assert len(seen) > 3


def test_an_image_pushed_without_evidence_is_refused(registry: StartRegistry) -> None:
    push_ = Push(registry().host)
    push_(image(), "v1")
    with pytest.raises(Refused, match="carries no test evidence"):
        check(push_, ":v1")


def test_an_unverified_release_makes_no_evidence() -> None:
    release = unverified(Digest.parse(image().image_id), "x")
    assert documents(release, Repository("h.example", "x"), Digest.of(b""), Builder()) == ()


def test_a_required_test_must_be_in_the_evidence(registry: StartRegistry) -> None:
    push_ = Push(registry().host)
    publish(push_, image(), "v1")
    check(push_, ":v1", ("smoke",))
    with pytest.raises(Refused, match="has not passed load"):
        check(push_, ":v1", ("load",))


def test_evidence_of_another_image_does_not_count(registry: StartRegistry) -> None:
    push_ = Push(registry().host)
    first, second = image(), Saved([layer(other=b"other")])
    _, digest = publish(push_, first, "v1")
    push_(second, "v2")
    with push_.registry() as registry_:
        other = manifests.get(registry_, "v2")
        assert isinstance(other, Manifest)
        for entry in referrers.referrers(registry_, digest):
            found = manifests.get(registry_, str(entry.digest))
            assert isinstance(found, Manifest)
            assert found.subject
            subject = replace_digest(found, other)
            manifests.put(registry_, str(subject.digest), subject)
            referrers.attach(registry_, subject)
    with pytest.raises(Refused, match="another image"):
        check(push_, ":v2")


def replace_digest(found: Manifest, other: Manifest) -> Manifest:
    """The same attestation, made to refer to another image."""
    from ctr_ci.oci import parse_manifest

    document = json.loads(found.raw)
    document["subject"] |= {"digest": str(other.digest), "size": len(other.raw)}
    made = parse_manifest(json.dumps(document).encode())
    assert isinstance(made, Manifest)
    return made


def test_a_key_makes_only_its_own_signatures_count(registry: StartRegistry, tmp_path: Path) -> None:
    push_ = Push(registry().host)
    signer, key = keys(tmp_path)
    _, other = keys(tmp_path)
    publish(push_, image(), "unsigned")
    with pytest.raises(Refused, match="no evidence with a trusted signature"):
        check(push_, ":unsigned", key=key)
    signed = Push(push_.host, name="team/signed")
    publish(signed, image(), "v1", signer=signer)
    assert check(signed, ":v1", key=key).signers == ("the key",)
    with pytest.raises(Refused, match="the key has not signed"):
        check(signed, ":v1", key=other)
    assert not check(signed, ":v1").signers


def test_what_else_a_key_signs_is_no_statement(tmp_path: Path) -> None:
    private = generate_private_key(SECP256R1())
    public = tmp_path / "k.pub"
    public.write_bytes(private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    for kind in ("text/plain", "\ud800"):
        signed = private.sign(
            b"DSSEv1 %d %b 2 {}" % (len(kind), kind.encode("utf-8", "replace")), ECDSA(SHA256())
        )
        envelope = {
            "payload": b64encode(b"{}").decode(),
            "payloadType": kind,
            "signatures": [{"sig": b64encode(signed).decode()}],
        }
        with pytest.raises(InputError, match="what is signed is"):
            Key.read(public).opens(json.dumps({"dsseEnvelope": envelope}).encode())


def test_a_key_of_a_curve_that_nobody_knows_is_told(tmp_path: Path) -> None:
    for algorithm, argument in (("EC", "ec_paramgen_curve:brainpoolP256t1"), ("EC", "ec_paramgen_curve:SM2")):
        made = ("openssl", "genpkey", "-algorithm", algorithm, "-pkeyopt", argument)
        secret = subprocess.run((*made, "-pkeyopt", "ec_param_enc:explicit"), check=True, capture_output=True)
        public = subprocess.run(
            ("openssl", "pkey", "-pubout"), input=secret.stdout, check=True, capture_output=True
        )
        (tmp_path / "k.pem").write_bytes(secret.stdout)
        (tmp_path / "k.pub").write_bytes(public.stdout)
        with pytest.raises(InputError, match="a key that cannot be used"):
            Signer.read(tmp_path / "k.pem", None)
        with pytest.raises(InputError, match="a key that cannot be used"):
            Key.read(tmp_path / "k.pub")


def test_what_evidence_says_of_itself_stays_on_its_line() -> None:
    at = Digest.of(b"")
    said = ("\x1b[2Jsmoke\n  evidence  signed by the key", "\ud800")
    evidence = Evidence((at,), "PASSED", said, (), (at,), "a\nb", "")
    reference = Reference.parse(f"h.example/a@{at}")
    verdict = Verified(reference, at, at, (Verdict(at, evidence, "", ""),), said, ())
    text = verdict_text(verdict)
    assert "\n  evidence  signed" not in text
    assert "\x1b" not in text
    assert text.encode()


def test_a_signature_that_is_there_is_not_made_again(registry: StartRegistry, tmp_path: Path) -> None:
    push_ = Push(registry().host)
    signer, _ = keys(tmp_path)
    other, _ = keys(tmp_path)
    _, digest = publish(push_, image(), "v1", signer=signer)
    publish(push_, image(), "v1", signer=signer)
    with push_.registry() as registry_:
        assert len(referrers.referrers(registry_, digest)) == 2
    publish(push_, image(), "v1", signer=other)
    with push_.registry() as registry_:
        assert len(referrers.referrers(registry_, digest)) == 4


def test_an_ed25519_key_with_a_password_signs_too(registry: StartRegistry, tmp_path: Path) -> None:
    private = Ed25519PrivateKey.generate()
    secret, public = tmp_path / "k.pem", tmp_path / "k.pub"
    locked = BestAvailableEncryption(b"open sesame")
    secret.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))
    public.write_bytes(private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(InputError, match="password is wrong"):
        Signer.read(secret, b"wrong")
    with pytest.raises(InputError):
        Signer.read(public, None)
    push_ = Push(registry().host)
    publish(push_, image(), "v1", signer=Signer.read(secret, b"open sesame"))
    assert check(push_, ":v1", key=Key.read(public)).signers


def test_the_fallback_tag_keeps_types_notes_and_earlier_entries(registry: StartRegistry) -> None:
    push_ = Push(registry().host)
    _, digest = publish(push_, image(), "v1")
    tag = referrers.fallback_tag(digest)
    assert tags(push_.host, "team/app") == sorted([tag, "v1"])
    entries = stored(push_.host, "team/app", tag)["manifests"]
    assert isinstance(entries, list)
    assert len(entries) == 2
    for entry in entries:
        assert entry["artifactType"] == "application/vnd.in-toto+json"
        assert entry["annotations"]["in-toto.io/predicate-type"].startswith("https://")
    publish(push_, image(), "v1")  # the same build again adds nothing
    assert stored(push_.host, "team/app", tag)["manifests"] == entries


def test_a_fallback_tag_that_holds_something_else_is_left_alone(registry: StartRegistry) -> None:
    push_ = Push(registry().host)
    saved = image()
    digest = push_(saved, "v1").digest
    tag = referrers.fallback_tag(digest)
    push_(saved, tag)
    before = stored(push_.host, "team/app", tag)
    with pytest.raises(CtrCiError, match="no list of referrers"):
        publish(push_, saved, "v2")
    assert stored(push_.host, "team/app", tag) == before
    assert "v2" not in tags(push_.host, "team/app")


def test_a_registry_with_a_list_gets_no_fallback_tag(registry: StartRegistry) -> None:
    started = registry()
    listed: list[dict[str, object]] = []

    def decide(seen: Seen) -> Answer | None:
        if seen.method == "GET" and "/referrers/" in seen.path:
            body = json.dumps({"schemaVersion": 2, "manifests": listed}).encode()
            return Answer(200, (("Content-Type", "application/vnd.oci.image.index.v1+json"),), body)
        if seen.method == "PUT" and "/manifests/sha256:" in seen.path:
            entry = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 1}
            listed.append({**entry, "digest": seen.path.rpartition("/")[2]})
        return None

    between = FaultProxy(started.host, decide).start()
    push_ = Push(between.host)
    publish(push_, image(), "v1")
    between.stop()
    assert tags(started.host, "team/app") == ["v1"]


def test_an_attestation_that_the_registry_lost_is_an_error(registry: StartRegistry) -> None:
    started = registry()
    index = image_index(()).raw
    kind = (("Content-Type", "application/vnd.oci.image.index.v1+json"),)
    between = FaultProxy(
        started.host, lambda seen: Answer(200, kind, index) if "/referrers/" in seen.path else None
    ).start()
    with pytest.raises(CtrCiError, match="does not list the attestation"):
        publish(Push(between.host), image(), "v1")
    between.stop()
    assert tags(started.host, "team/app") == []


def test_the_statement_says_what_was_tested_and_from_what(registry: StartRegistry) -> None:
    saved = image()
    (release,) = releases(record_of(saved.image_id), Policy())
    manifest = Digest.of(b"manifest")
    result, provenance = documents(
        release, Repository("h.example", "app"), manifest, Builder("urn:b", "run/1")
    )
    said = json.loads(result.content)
    assert said["subject"] == [{"name": "h.example/app", "digest": {"sha256": manifest.hex}}]
    assert said["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert said["predicate"]["result"] == "PASSED"
    configuration = {one["name"]: one["digest"] for one in said["predicate"]["configuration"]}
    assert configuration["image"] == {"sha256": saved.image_id[7:]}
    assert configuration["cloudbuild.yaml"] == {"sha256": "a" * 64}
    assert configuration["source"] == {"gitCommit": "c" * 40}
    told = json.loads(provenance.content)["predicate"]
    assert told["runDetails"]["builder"] == {"id": "urn:b"}
    assert told["runDetails"]["metadata"]["startedOn"] == "2025-11-25T02:00:00Z"
    assert told["buildDefinition"]["externalParameters"]["substitutions"] == {"_MODE": "fast"}
    assert replace(release, verified=False).build_id == "b-1"


def test_an_attestation_with_other_bytes_is_not_believed(registry: StartRegistry) -> None:
    started = registry()
    push_ = Push(started.host)
    publish(push_, image(), "v1")
    false = json.dumps({"_type": "https://in-toto.io/Statement/v1"}).encode()
    between = FaultProxy(
        started.host,
        lambda seen: Answer(200, (), false) if seen.method == "GET" and "/blobs/" in seen.path else None,
    ).start()
    with pytest.raises(Refused, match="not those of their digest"):
        check(Push(between.host), ":v1")
    between.stop()


def test_a_missing_image_is_told(registry: StartRegistry) -> None:
    push_ = Push(registry().host)
    with pytest.raises(InputError, match="no image"):
        check(push_, ":v1")
    with push_.registry() as registry_:
        assert not blobs.has(registry_, Digest.of(b"x"))


def test_what_indexes_list_again_and_again_is_asked_for_once(registry: StartRegistry) -> None:
    started = registry()
    _, digest = publish(Push(started.host), image(), "v1")
    asked: list[str] = []

    def note(seen: Seen) -> None:
        if seen.method == "GET" and "/manifests/" in seen.path:
            asked.append(seen.path)

    between = FaultProxy(started.host, note).start()
    push_ = Push(between.host)
    with push_.registry() as registry_:
        top = manifests.get(registry_, str(digest))
        assert top
        for level in range(12):
            again = Descriptor(top.media_type, top.digest, len(top.raw), (("level", str(level)),))
            top = image_index((Descriptor(top.media_type, top.digest, len(top.raw)), again))
            manifests.put(registry_, f"level-{level}", top)
    asked.clear()
    found = check(push_, ":level-11")
    between.stop()
    assert found.passed
    assert len(found.findings) == 2
    assert len(asked) < 60
