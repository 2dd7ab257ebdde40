"""Signed by an identity: against a Sigstore of the test bed, whose keys and formats are real."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import StartRegistry
from ctr_ci import record as records
from ctr_ci.oci import Reference
from ctr_ci.problem import InputError, Refused, WorldError
from ctr_ci.publish import Identity, Keyless, Verified, Verifier, verify
from ctr_ci.secret import Secret
from testbed import api
from testbed.fault_proxy import Answer, FaultProxy
from testbed.pushing import Push, ctr_ci, publish, record_of, tags
from testbed.saved import Saved, layer
from testbed.sigstore import IDENTITY, Sigstore, token

PERSON = "https://accounts.example/someone"
OTHER_ISSUER = "https://issuer.example"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Sigstore]:
    with Sigstore() as running:
        (tmp_path / "trust.json").write_text(running.trust_config())
        yield running


@pytest.fixture
def trust(tmp_path: Path, services: Sigstore) -> Path:
    return tmp_path / "trust.json"


def image() -> Saved:
    return Saved([layer(app=b"app")])


def check(push: Push, whom: Verifier | None, selector: str = ":v1") -> Verified:
    with push.registry() as registry:
        return verify(registry, Reference.parse(f"{push.host}/{push.name}{selector}"), (), whom)


def test_what_a_workflow_signs_counts_for_that_workflow_only(registry: StartRegistry, trust: Path) -> None:
    push = Push(registry().host)
    publish(push, image(), "v1", signer=Keyless(lambda: Secret(token()), trust))
    assert check(push, Identity(IDENTITY, trust=trust)).signers == (IDENTITY,)
    assert check(push, Identity("https://github.com/acme/shop/*", trust=trust)).signers == (IDENTITY,)
    for name in (IDENTITY + "x", IDENTITY[:-1], "https://github.com/acme/*.yml", "acme/shop"):
        with pytest.raises(Refused, match="no evidence with a trusted signature"):
            check(push, Identity(name, trust=trust))
    with pytest.raises(Refused, match="no evidence with a trusted signature"):
        check(push, Identity(IDENTITY, OTHER_ISSUER, trust))


def test_a_branch_named_after_another_one_is_not_that_branch(trust: Path) -> None:
    """Git takes `evil@refs/heads/main` as a branch's name, and GitHub certifies it as it is."""
    workflows = "https://github.com/acme/shop/.github/workflows/"
    branch = f"{workflows}release.yml@refs/heads/evil@refs/heads/main"
    signed = Keyless(lambda: Secret(token(branch)), trust).sign(STATEMENT)
    for name in (f"{workflows}*@refs/heads/main", "https://*/release.yml@refs/heads/main"):
        with pytest.raises(InputError, match="not signed by"):
            Identity(name, trust=trust).opens(signed)
    for name in (branch, f"{workflows}release.yml@refs/heads/evil*", f"{workflows}*", "*"):
        assert Identity(name, trust=trust).opens(signed)[1] == branch


def test_what_else_an_identity_signs_is_no_statement(trust: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sigstore import dsse

    monkeypatch.setattr(dsse.Envelope, "_TYPE", "text/plain")
    signed = bundle(trust)
    assert signed["dsseEnvelope"]["payloadType"] == "text/plain"
    with pytest.raises(InputError, match="text/plain"):
        Identity(IDENTITY, trust=trust).opens(json.dumps(signed).encode())


def test_an_identity_of_another_issuer_counts_where_that_is_asked(
    registry: StartRegistry, trust: Path
) -> None:
    push = Push(registry().host)
    publish(push, image(), "v1", signer=Keyless(lambda: Secret(token(PERSON, OTHER_ISSUER)), trust))
    assert check(push, Identity(PERSON, OTHER_ISSUER, trust)).signers == (PERSON,)
    with pytest.raises(Refused):
        check(push, Identity(PERSON, trust=trust))


def test_another_sigstore_is_not_believed(registry: StartRegistry, trust: Path, tmp_path: Path) -> None:
    push = Push(registry().host)
    publish(push, image(), "v1", signer=Keyless(lambda: Secret(token()), trust))
    foreign = tmp_path / "foreign.json"
    with Sigstore() as other:
        foreign.write_text(other.trust_config())
    with pytest.raises(Refused, match="no evidence with a trusted signature"):
        check(push, Identity(IDENTITY, trust=foreign))


def test_the_log_gets_each_statement_once(registry: StartRegistry, services: Sigstore, trust: Path) -> None:
    push = Push(registry().host)
    signer = Keyless(lambda: Secret(token()), trust)
    publish(push, image(), "v1", signer=signer)
    logged = len(services.entries)
    assert logged == 2  # the test result, and the provenance
    publish(push, image(), "v1", signer=signer)
    assert len(services.entries) == logged


STATEMENT = json.dumps(
    {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "app", "digest": {"sha256": "0" * 64}}],
        "predicateType": "https://example.org/said",
        "predicate": {"passed": True},
    }
).encode()


def bundle(trust: Path, statement: bytes = STATEMENT) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(Keyless(lambda: Secret(token()), trust).sign(statement))
    return made


def forge_payload(one: dict[str, Any], other: dict[str, Any]) -> None:
    one["dsseEnvelope"]["payload"] = other["dsseEnvelope"]["payload"]


def forge_signature(one: dict[str, Any], other: dict[str, Any]) -> None:
    one["dsseEnvelope"]["signatures"] = other["dsseEnvelope"]["signatures"]


def forge_certificate(one: dict[str, Any], other: dict[str, Any]) -> None:
    one["verificationMaterial"]["certificate"] = other["verificationMaterial"]["certificate"]


def forge_envelope(one: dict[str, Any], other: dict[str, Any]) -> None:
    one["dsseEnvelope"] = other["dsseEnvelope"]


def forge_entry(one: dict[str, Any], other: dict[str, Any]) -> None:
    one["verificationMaterial"]["tlogEntries"] = other["verificationMaterial"]["tlogEntries"]


def drop_entry(one: dict[str, Any], _: dict[str, Any]) -> None:
    one["verificationMaterial"]["tlogEntries"] = []


def drop_signatures(one: dict[str, Any], _: dict[str, Any]) -> None:
    one["dsseEnvelope"]["signatures"] = []


FORGERIES = (
    forge_payload,
    forge_signature,
    forge_certificate,
    forge_envelope,
    forge_entry,
    drop_entry,
    drop_signatures,
)


def test_a_bundle_put_together_from_two_is_refused(trust: Path) -> None:
    """Both are signed by the same workflow: what is refused is only that they do not belong together."""
    one, other = bundle(trust), bundle(trust, STATEMENT.replace(b"true", b"null"))
    believed = Identity(IDENTITY, trust=trust)
    assert believed.opens(json.dumps(one).encode()) == (STATEMENT, IDENTITY)
    for forge in FORGERIES:
        forged = json.loads(json.dumps(one))
        forge(forged, other)
        with pytest.raises(InputError, match="not signed by"):
            believed.opens(json.dumps(forged).encode())
    late = json.loads(json.dumps(one))  # of the year 146 billion
    late["verificationMaterial"]["tlogEntries"][0]["integratedTime"] = str(1 << 62)
    for nonsense in (json.dumps(late).encode(), b"", b"{}", b"[]", b"\xff", json.dumps(one).encode()[:-9]):
        with pytest.raises(InputError, match="not signed by"):
            believed.opens(nonsense)


def test_a_token_that_cannot_sign_moves_no_tag(registry: StartRegistry, trust: Path) -> None:
    push = Push(registry().host)
    for bad in ("", "no-token", token(expires_in_s=-60)):
        with pytest.raises(InputError, match="an identity token that cannot be used") as told:
            publish(push, image(), "v1", signer=Keyless(lambda bad=bad: Secret(bad), trust))  # type: ignore[misc]
        assert not bad or bad not in str(told.value)
    assert "v1" not in tags(push.host, push.name)


@pytest.mark.parametrize("broken", ["/api/v2/signingCert", "/api/v1/log/entries"])
def test_a_service_that_fails_moves_no_tag(
    registry: StartRegistry, services: Sigstore, tmp_path: Path, broken: str
) -> None:
    between = FaultProxy(
        services.url.removeprefix("http://"),
        lambda seen: Answer(503, (), b"busy") if seen.path.startswith(broken) else None,
    ).start()
    config = tmp_path / "faulty.json"
    config.write_text(services.trust_config().replace(services.url, f"http://{between.host}"))
    push = Push(registry().host)
    shown = token()
    with pytest.raises(WorldError, match="Sigstore did not sign") as told:
        publish(push, image(), "v1", signer=Keyless(lambda: Secret(shown), config))
    between.stop()
    assert shown not in str(told.value)
    assert "v1" not in tags(push.host, push.name)


def test_a_trust_configuration_that_is_none_is_told_by_its_path(tmp_path: Path) -> None:
    for text in ("", "{}", '{"mediaType": "x"}', "\x00"):
        (tmp_path / "t.json").write_text(text)
        with pytest.raises(InputError, match="ClientTrustConfig") as told:
            Identity(IDENTITY, trust=tmp_path / "t.json").opens(b"{}")
        assert told.value.problems[0].path == str(tmp_path / "t.json")


@pytest.fixture
def tested(tmp_path: Path, engine_socket: str, busybox: str) -> None:
    """The folder holds the record of a run whose step tested busybox's image."""
    image_id = api.image_id(engine_socket, busybox)
    assert image_id
    records.write(records.place(tmp_path, "b-1"), record_of(image_id))


@pytest.mark.usefixtures("tested")
def test_the_command_signs_and_verifies_and_shows_the_token_to_nobody(
    registry: StartRegistry, services: Sigstore, trust: Path, tmp_path: Path
) -> None:
    host, shown = registry().host, token()
    place = f"{host}/team/app"
    arguments = ("--to", place, "--tag", "v1", "--attest", "keyless", "--trust-config", str(trust))
    done = ctr_ci("publish", *arguments, folder=tmp_path, SIGSTORE_ID_TOKEN=shown)
    assert done.returncode == 0, done.stderr
    assert services.tokens
    assert set(services.tokens) == {shown}
    signature = shown.rpartition(".")[0]
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(
        signature.encode() in text for text in (done.stdout.encode(), done.stderr.encode(), *written)
    )
    assert not any(signature.encode() in body for body in services.entries)

    demand = ("--certificate-identity", IDENTITY, "--trust-config", str(trust))
    found = ctr_ci("verify", f"{place}:v1", *demand, "--format", "json", folder=tmp_path)
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["signers"] == [IDENTITY]
    told = ctr_ci("verify", f"{place}:v1", *demand, folder=tmp_path)
    assert IDENTITY in told.stdout
    other = ctr_ci(
        "verify", f"{place}:v1", *demand[2:], "--certificate-identity", "https://else/*", folder=tmp_path
    )
    assert other.returncode == 1
    assert "https://else/*" in other.stderr

    promoted = ("--from-registry", f"{place}:v1", "--to", f"{host}/prod/app", "--tag", "v1")
    refused = ctr_ci("publish", *promoted, *demand[2:], "--certificate-identity", "nobody", folder=tmp_path)
    assert refused.returncode == 1
    assert tags(host, "prod/app") == []
    done = ctr_ci("publish", *promoted, *demand, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "v1" in tags(host, "prod/app")


@pytest.mark.usefixtures("tested")
def test_without_an_identity_the_command_says_where_to_get_one(
    registry: StartRegistry, trust: Path, tmp_path: Path
) -> None:
    host = registry().host
    arguments = ("--to", f"{host}/team/app", "--attest", "keyless", "--trust-config", str(trust))
    done = ctr_ci("publish", *arguments, "--tag", "v1", folder=tmp_path)
    assert done.returncode == 2
    assert "no identity to sign with" in done.stderr
    assert "id-token: write" in done.stderr
    assert "Traceback" not in done.stderr
    assert "uploaded" not in done.stderr
    assert tags(host, "team/app") == []


def test_demands_that_exclude_each_other_are_told(tmp_path: Path) -> None:
    both = ctr_ci("verify", "localhost:1/a:1", "--key", "k", "--certificate-identity", "x", folder=tmp_path)
    assert both.returncode == 2
    assert "one of them" in both.stderr
    for option in ("--certificate-oidc-issuer", "--trust-config"):
        alone = ctr_ci("verify", "localhost:1/a:1", option, "x", folder=tmp_path)
        assert alone.returncode == 2
        assert "--certificate-identity with it" in alone.stderr
    promoted = ("publish", "--from-registry", "localhost:1/a:1", "--to", "localhost:1/b")
    unsure = ctr_ci(*promoted, "--unverified", "--certificate-identity", "x", folder=tmp_path)
    assert unsure.returncode == 2
    assert "one of them" in unsure.stderr


def test_an_empty_variable_lifts_no_demand(registry: StartRegistry, tmp_path: Path) -> None:
    """`--key "$KEY"` where the variable is not set: unsigned evidence must not do."""
    push = Push(registry().host)
    publish(push, image(), "v1")
    place = f"{push.host}/{push.name}:v1"
    for option in ("--key", "--certificate-identity", "--certificate-oidc-issuer", "--trust-config"):
        done = ctr_ci("verify", place, option, "", folder=tmp_path)
        assert done.returncode == 2
        assert f"{option} is empty" in done.stderr
