"""A job's identity becomes a registry's credential: the talks, scripted."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode, urlsafe_b64encode
from urllib.parse import parse_qs

import pytest

from ctr_ci.problem import CtrCiError, InputError, WorldError
from ctr_ci.registry.auth import Credential, Identity, Password
from ctr_ci.registry.exchange import KINDS, Job, obtain
from ctr_ci.registry.http import Request, Response
from ctr_ci.secret import Secret

CLAIMS = urlsafe_b64encode(b'{"sub":"repo:o/r:environment:prod"}').decode().rstrip("=")
IDENTITY = f"head.{CLAIMS}.signature"
POOL = "projects/12/locations/global/workloadIdentityPools/p/providers/gh"
OIDC = {
    "ACTIONS_ID_TOKEN_REQUEST_URL": Secret("https://pipelines.example/token?v=1"),
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": Secret("request-token"),
}
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


class Services:
    """Answers by host and path, and keeps what was asked."""

    def __init__(self, **answers: object) -> None:
        self.asked: list[Request] = []
        self.answers: dict[str, object] = {"pipelines.example": {"value": IDENTITY}, **answers}

    def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        place = request.url.partition("://")[2].partition("?")[0]
        for part, answer in self.answers.items():
            if place.startswith(part):
                if isinstance(answer, int):
                    return Response(answer, (), b"no: " + IDENTITY.encode())
                return Response(200, (), answer if isinstance(answer, bytes) else json.dumps(answer).encode())
        raise AssertionError(place)

    def form(self, at: int) -> dict[str, str]:
        body = self.asked[at].body
        assert isinstance(body, Secret)
        return {key: found[0] for key, found in parse_qs(body.reveal()).items()}

    def json(self, at: int) -> dict[str, object]:
        body = self.asked[at].body
        assert isinstance(body, Secret)
        found: dict[str, object] = json.loads(body.reveal())
        return found


def get(source: str, services: Services, host: str = "r.example", **secrets: str) -> Credential:
    kind, _, rest = source.partition(":")
    held = {name: Secret(text) for name, text in secrets.items()} or OIDC
    return obtain(kind, rest, Job(host, "team/app", held, 1_764_036_000.0), services)


def password(found: Credential) -> tuple[str, str]:
    assert isinstance(found, Password)
    return found.user, found.password.reveal()


def test_google_gives_a_federated_token_for_the_pools_audience() -> None:
    services = Services(**{"sts.googleapis.com/v1/token": {"access_token": "federated"}})
    assert password(get(f"gcp:{POOL}", services)) == ("oauth2accesstoken", "federated")
    assert services.asked[0].query["audience"] == f"https://iam.googleapis.com/{POOL}"
    assert dict(services.asked[0].secret_headers)["Authorization"].reveal() == "Bearer request-token"
    said = services.json(1)
    assert said["audience"] == f"//iam.googleapis.com/{POOL}"
    assert said["subjectToken"] == IDENTITY


def test_google_gives_a_service_accounts_token_for_a_quarter_of_an_hour() -> None:
    services = Services(
        **{
            "sts.googleapis.com/v1/token": {"access_token": "federated"},
            "iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/": {"accessToken": "of the account"},
        }
    )
    found = get(f"gcp:{POOL}:push@p.iam.gserviceaccount.com", services)
    assert password(found) == ("oauth2accesstoken", "of the account")
    assert services.json(2)["lifetime"] == "900s"


def test_google_takes_a_token_that_is_there_or_asks_the_machine() -> None:
    assert password(get("gcp", Services(), CLOUDSDK_AUTH_ACCESS_TOKEN="given"))[1] == "given"
    services = Services(**{"metadata.google.internal": {"access_token": "machine's"}})
    assert password(get("gcp", services))[1] == "machine's"
    assert services.asked[0].headers == (("Metadata-Flavor", "Google"),)


def ecr_answer() -> dict[str, object]:
    return {"authorizationData": [{"authorizationToken": b64encode(b"AWS:ecr-password").decode()}]}


def test_amazon_assumes_the_role_for_this_repository_and_pushing_only() -> None:
    parts = {"AccessKeyId": "AK", "SecretAccessKey": "SK", "SessionToken": "ST"}
    given = "".join(f"<{tag}>{text}</{tag}>" for tag, text in parts.items()).encode()
    services = Services(**{"sts.eu-west-1": given, "api.ecr.eu-west-1": ecr_answer()})
    assert password(get("aws:arn:aws:iam::1:role/push", services, ECR)) == ("AWS", "ecr-password")
    form = services.form(1)
    assert form["RoleArn"] == "arn:aws:iam::1:role/push"
    assert form["WebIdentityToken"] == IDENTITY
    assert form["DurationSeconds"] == "900"
    allowed = json.loads(form["Policy"])["Statement"][1]
    assert allowed["Resource"] == "arn:aws:ecr:eu-west-1:123456789012:repository/team/app"
    assert "ecr:DeleteRepository" not in allowed["Action"]
    assert "ecr:PutImage" in allowed["Action"]
    assert dict(services.asked[2].secret_headers)["x-amz-security-token"].reveal() == "ST"


def test_amazons_signature_is_the_documented_one() -> None:
    """Recomputed here step by step as AWS's page "Signature Version 4" writes it."""
    import hmac

    services = Services(**{"api.ecr.eu-west-1": ecr_answer()})
    get("aws", services, ECR, AWS_ACCESS_KEY_ID="AKID", AWS_SECRET_ACCESS_KEY="secret-key")
    request = services.asked[0]
    at = "20251125T020000Z"
    assert dict(request.headers)["x-amz-date"] == at
    target = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
    canonical = "\n".join(
        [
            "POST",
            "/",
            "",
            "content-type:application/x-amz-json-1.1",
            "host:api.ecr.eu-west-1.amazonaws.com",
            f"x-amz-date:{at}",
            f"x-amz-target:{target}",
            "",
            "content-type;host;x-amz-date;x-amz-target",
            hashlib.sha256(b"{}").hexdigest(),
        ]
    )
    scope = "20251125/eu-west-1/ecr/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = b"AWS4secret-key"
    for part in ("20251125", "eu-west-1", "ecr", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    value = dict(request.secret_headers)["Authorization"].reveal()
    assert value.endswith(f"Signature={signature}")
    assert f"Credential=AKID/{scope}" in value


def test_azure_gives_a_refresh_token_of_the_registry() -> None:
    services = Services(
        **{
            "login.microsoftonline.com/tenant/": {"access_token": "entra"},
            "r.azurecr.io/oauth2/exchange": {"refresh_token": "refresh"},
        }
    )
    found = get("azure:tenant:client", services, "r.azurecr.io")
    assert isinstance(found, Identity)
    assert found.token.reveal() == "refresh"
    assert services.form(1)["client_assertion"] == IDENTITY
    assert services.form(2) == {
        "grant_type": "access_token",
        "service": "r.azurecr.io",
        "tenant": "tenant",
        "access_token": "entra",
    }


def test_docker_hub_and_quay() -> None:
    services = Services(**{"identity.docker.com/oauth/token": {"access_token": "hub"}})
    assert password(get("dockerhub:org:connection", services, "docker.io")) == ("org", "hub")
    assert services.form(1)["connection_id"] == "connection"
    services = Services(**{"quay.io/oauth2/federation/robot/token": {"token": "robot's"}})
    assert password(get("quay:org+push", services, "quay.io")) == ("org+push", "robot's")
    pair = dict(services.asked[1].secret_headers)["Authorization"].reveal()
    assert b64decode(pair.removeprefix("Basic ")).decode() == f"org+push:{IDENTITY}"


@pytest.mark.parametrize(
    "source", [f"gcp:{POOL}", "aws:arn:aws:iam::1:role/x", "azure:t:c", "dockerhub:o:c", "quay:o+r"]
)
def test_a_job_without_an_identity_is_told_which_permission_it_lacks(source: str) -> None:
    with pytest.raises(InputError, match="job lacks id-token: write"):
        get(source, Services(), ECR, UNRELATED="x")


@pytest.mark.parametrize(
    ("source", "service"),
    [
        (f"gcp:{POOL}", "sts.googleapis.com"),
        ("aws:arn:aws:iam::1:role/x", "sts.eu-west-1.amazonaws.com"),
        ("azure:t:c", "login.microsoftonline.com"),
        ("dockerhub:o:c", "identity.docker.com"),
        ("quay:o+r", ECR),
    ],
)
def test_a_refused_identity_is_told_by_its_claim_and_not_by_its_token(source: str, service: str) -> None:
    with pytest.raises(WorldError) as error:
        get(source, Services(**{service: 403}), ECR)
    assert service in str(error.value)
    assert "sub=repo:o/r:environment:prod" in str(error.value)
    assert "signature" not in str(error.value)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_source_with_parts_missing_names_its_form(kind: str) -> None:
    with pytest.raises(CtrCiError):
        get(f"{kind}:", Services(**{"metadata.google.internal": 404}), ECR)
