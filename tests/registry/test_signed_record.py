"""A record signed by the job that tested, and the publisher that believes no other."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from conftest import StartRegistry
from ctr_ci import record as records
from testbed.pushing import ctr_ci, tags

PASSWORD = "of-the-key-alone"
SIGNED = ("--record", "record.json", "--record-signed-by", "key.pub")


@pytest.fixture(params=["ecdsa", "ed25519"])
def run(request: pytest.FixtureRequest, tmp_path: Path, engine_socket: str, busybox: str) -> records.Record:
    """A run whose record is signed; its key encrypted."""
    kind = request.param
    key = generate_private_key(SECP256R1()) if kind == "ecdsa" else Ed25519PrivateKey.generate()
    write_keys(tmp_path, "key", key, PASSWORD)
    write_keys(tmp_path, "other", Ed25519PrivateKey.generate())
    config = {"steps": [{"name": busybox, "args": ["true"]}], "images": [busybox]}
    (tmp_path / "cloudbuild.json").write_text(json.dumps(config))
    done = ctr_ci(
        *("run", "--config", "cloudbuild.json", "--record", "record.json", "--sign-record", "key"),
        folder=tmp_path,
        DOCKER_HOST=f"unix://{engine_socket}",
        CTR_CI_KEY_PASSWORD=PASSWORD,
    )
    assert done.returncode == 0, done.stderr
    assert PASSWORD not in done.stdout + done.stderr + (tmp_path / "record.json").read_text()
    return records.read(tmp_path / "record.json")


def write_keys(
    folder: Path, name: str, key: Ed25519PrivateKey | EllipticCurvePrivateKey, password: str = ""
) -> None:
    hidden = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    (folder / name).write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / f"{name}.pub").write_bytes(public)


def test_what_a_signed_record_allows_is_pushed_again_and_again(
    run: records.Record, registry: StartRegistry, tmp_path: Path
) -> None:
    host = registry().host
    for tag in ("one", "two"):  # the first push is noted in the record
        done = ctr_ci("publish", *SIGNED, "--to", f"{host}/app", "--tag", tag, folder=tmp_path)
        assert done.returncode == 0, done.stderr
    assert sorted(tags(host, "app")) == ["one", "two"]
    pushed = records.read(tmp_path / "record.json")
    assert [push.name for push in pushed.pushed if push.name.endswith((":one", ":two"))]
    assert pushed.signature == run.signature


def test_a_record_that_the_key_has_not_signed_as_it_is_allows_nothing(
    run: records.Record, registry: StartRegistry, tmp_path: Path
) -> None:
    """Whoever changes a record can seal it again: its own digest guards against accidents only."""
    host = registry().host
    image = replace(run.images[0], image_id=f"sha256:{'0' * 64}")
    forged = {
        "the record is not signed": replace(run, signature=""),
        "the record's signature does not fit it": replace(run, images=(image,)),
        "the record's signature does not fit": replace(run, status="SUCCESS", signature="{}"),
    }
    for told, record in forged.items():
        records.write(tmp_path / "record.json", record)
        done = ctr_ci("publish", *SIGNED, "--to", f"{host}/app", folder=tmp_path)
        assert (done.returncode, told in done.stderr) == (1, True), done.stderr
    records.write(tmp_path / "record.json", run)
    wrong = ("--record", "record.json", "--record-signed-by", "other.pub")
    done = ctr_ci("publish", *wrong, "--to", f"{host}/app", folder=tmp_path)
    assert (done.returncode, "does not fit" in done.stderr) == (1, True), done.stderr
    assert tags(host, "app") == []


@pytest.mark.parametrize(
    "words",
    [
        ("publish", "--image", "busybox", "--unverified", "--record-signed-by", "key.pub"),
        ("publish", "--from-registry", "r.example/app:1", "--record-signed-by", "key.pub"),
        ("run", "--sign-record", "no-such-key"),
    ],
)
def test_a_demand_that_cannot_be_met_is_told_before_anything_happens(
    words: tuple[str, ...], tmp_path: Path, engine_socket: str
) -> None:
    (tmp_path / "cloudbuild.yaml").write_text("steps: [{name: busybox, args: [sh, -c, 'echo ran >x']}]\n")
    done = ctr_ci(*words, folder=tmp_path, DOCKER_HOST=f"unix://{engine_socket}")
    assert done.returncode == 2, done.stderr
    assert words[-1] in done.stderr or "--record-signed-by with" in done.stderr
    assert not (tmp_path / ".ctr-ci").exists()


def test_a_record_is_verified_without_a_registry(run: records.Record, tmp_path: Path) -> None:
    image = run.images[0]
    record = ("--record", "record.json")
    for reference in (image.image_id, image.image_id[7:19], image.name):
        done = ctr_ci("verify", reference, *record, "--key", "key.pub", "--format", "json", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        assert (said["image_id"], said["signed"], said["build_id"]) == (image.image_id, True, run.build_id)
        assert said["passed"]
    plain = ctr_ci("verify", image.name, *record, folder=tmp_path)
    assert plain.returncode == 0
    assert "no signer demanded" in plain.stdout
    foreign = ctr_ci("verify", image.name, *record, "--key", "other.pub", folder=tmp_path)
    assert foreign.returncode == 1
    assert "does not fit it" in foreign.stderr
    missing = ctr_ci("verify", image.name, *record, "--require", "load", folder=tmp_path)
    assert missing.returncode == 1
    assert "load" in missing.stderr
    unknown = ctr_ci("verify", "no/such:1", *record, folder=tmp_path)
    assert unknown.returncode == 2
    assert "has no image no/such:1" in unknown.stderr
    identity = ctr_ci("verify", image.name, *record, "--certificate-identity", "x", folder=tmp_path)
    assert identity.returncode == 2


def test_a_pushed_digest_is_found_in_the_record_that_names_it(
    run: records.Record, tmp_path: Path, registry: StartRegistry
) -> None:
    place = f"{registry().host}/team/app"
    done = ctr_ci(
        "publish",
        "--record",
        "record.json",
        "--to",
        place,
        "--tag",
        "v1",
        "--format",
        "json",
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    pushed = f"{place}@{json.loads(done.stdout)['digest']}"
    found = ctr_ci("verify", pushed, "--record", "record.json", "--key", "key.pub", folder=tmp_path)
    assert found.returncode == 0, found.stderr
    assert run.images[0].image_id in found.stdout
    other = ctr_ci("verify", f"{place}@sha256:{'0' * 64}", "--record", "record.json", folder=tmp_path)
    assert other.returncode == 2
