"""A job's own identity → a short-lived credential for one registry, without any stored password.

Pure: each exchange is a generator that yields requests, is sent the answers and returns a
credential. GitHub's OIDC token is asked for with the audience that the next one wants, used once,
and dropped. Sources: publishing.md §3 (actions/toolkit, google-github-actions/auth, AWS and Azure
documentation); none of these services could be reached where this was written.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64decode, b64encode, urlsafe_b64decode
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from ctr_ci.oci import Object
from ctr_ci.problem import InputError, Problem, WorldError
from ctr_ci.registry.auth import Credential, Identity, Password
from ctr_ci.registry.http import Request, Response
from ctr_ci.secret import Secret

Exchange = Generator[Request, Response, Credential]
FORM = (("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json"))
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105  a type's name
ID_TOKEN, ACCESS_TOKEN, JWT = (
    f"urn:ietf:params:oauth:token-type:{kind}" for kind in ("id_token", "access_token", "jwt")
)
SHORT_S = 900
ECR = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.(amazonaws\.com(?:\.cn)?)")
KINDS = {
    "gcp": "gcp:projects/N/locations/global/workloadIdentityPools/POOL/providers/PROVIDER[:SERVICE_ACCOUNT], "
    "or gcp with CLOUDSDK_AUTH_ACCESS_TOKEN or on Google's machines",
    "aws": "aws:ROLE_ARN, or aws with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN)",
    "azure": "azure:TENANT_ID:CLIENT_ID",
    "dockerhub": "dockerhub:ORGANISATION:CONNECTION_ID",
    "quay": "quay:ORGANISATION+ROBOT",
}


@dataclass(frozen=True, slots=True)
class Job:
    """What an exchange is made for: the registry's host, the repository's name there, the secrets
    that the environment held (by the names of their variables), and the time (epoch seconds)."""

    host: str
    name: str
    secrets: Mapping[str, Secret]
    now: float


# What each exchange may take out of the environment.
VARIABLES = {
    "gcp": ("CLOUDSDK_AUTH_ACCESS_TOKEN",),
    "aws": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    "azure": (),
    "dockerhub": (),
    "quay": (),
}
OIDC_VARIABLES = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")


def variables(kind: str) -> tuple[str, ...]:
    """The variables of the environment that hold secrets for a source of this kind."""
    return (*VARIABLES[kind], *OIDC_VARIABLES) if kind in VARIABLES else ()


def obtain(kind: str, rest: str, job: Job, send: Callable[[Request], Response]) -> Credential:
    """The credential of a source `KIND[:REST]`, asking services by `send`. Raises InputError where
    its parts or the job's identity are missing, WorldError where a service refuses."""
    talk = exchange(kind, rest, job)
    try:
        request = next(talk)
        while True:
            request = talk.send(send(request))
    except StopIteration as done:
        credential: Credential = done.value
        return credential


def exchange(kind: str, rest: str, job: Job) -> Exchange:
    """The talk of a credential source."""
    match kind:
        case "gcp":
            return _google(rest, job)
        case "aws":
            return _amazon(rest, job)
        case "azure":
            return _azure(rest, job)
        case "dockerhub":
            return _hub(rest, job)
    return _quay(rest, job)


def id_token(audience: str, job: Job) -> Generator[Request, Response, Secret]:
    """GitHub's OIDC token for `audience`: who this job is, for a few minutes."""
    url, bearer = (job.secrets.get(name) for name in OIDC_VARIABLES)
    if url is None or bearer is None:
        raise InputError(
            Problem(
                "this job cannot prove who it is: job lacks id-token: write",
                help="`permissions: id-token: write` in the publishing job (never a fork's)",
            )
        )
    request = Request(
        "GET",
        f"{url.reveal()}&audience={quote(audience, safe='')}",
        secret_headers=(("Authorization", Secret(f"Bearer {bearer.reveal()}")),),
        token=True,
    )
    answer = yield request
    return _text(answer, "value", "GitHub's identity service", None)


def _google(rest: str, job: Job) -> Exchange:
    if not rest:
        given = job.secrets.get("CLOUDSDK_AUTH_ACCESS_TOKEN")
        if given is None:
            path = "/computeMetadata/v1/instance/service-accounts/default/token"
            url = f"http://metadata.google.internal{path}"
            answer = yield Request("GET", url, (("Metadata-Flavor", "Google"),), token=True)
            given = _text(answer, "access_token", "Google's metadata server", None)
        return Password("oauth2accesstoken", given)
    provider, _, account = rest.partition(":")
    if not re.fullmatch(
        r"projects/\d+/locations/global/workloadIdentityPools/[\w-]+/providers/[\w-]+", provider
    ):
        raise _malformed("gcp")
    identity = yield from id_token(f"https://iam.googleapis.com/{provider}", job)
    body = {
        "audience": f"//iam.googleapis.com/{provider}",
        "grantType": TOKEN_EXCHANGE,
        "requestedTokenType": ACCESS_TOKEN,
        "scope": "https://www.googleapis.com/auth/cloud-platform",
        "subjectTokenType": JWT,
        "subjectToken": identity.reveal(),
    }
    answer = yield _json("https://sts.googleapis.com/v1/token", body)
    token = _text(answer, "access_token", "sts.googleapis.com", identity)
    if account:
        url = f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{quote(account)}:generateAccessToken"
        wish = {"scope": ["https://www.googleapis.com/auth/cloud-platform"], "lifetime": f"{SHORT_S}s"}
        answer = yield _json(url, wish).bearing(Secret(f"Bearer {token.reveal()}"))
        token = _text(answer, "accessToken", "iamcredentials.googleapis.com", identity)
    return Password("oauth2accesstoken", token)


def _amazon(role: str, job: Job) -> Exchange:
    place = ECR.fullmatch(job.host)
    if not place:
        raise InputError(Problem(f"aws for {job.host}", expected="ACCOUNT.dkr.ecr.REGION.amazonaws.com"))
    account, region, domain = place.groups()
    if role:
        identity = yield from id_token("sts.amazonaws.com", job)
        answer = yield _form(
            f"https://sts.{region}.{domain}/",
            {
                "Action": "AssumeRoleWithWebIdentity",
                "Version": "2011-06-15",
                "RoleArn": role,
                "RoleSessionName": "ctr-ci",
                "DurationSeconds": str(SHORT_S),
                "Policy": json.dumps(_ecr_policy(account, region, job.name), separators=(",", ":")),
                "WebIdentityToken": identity.reveal(),
            },
        )
        if answer.status != 200:
            raise _refusal(answer, f"sts.{region}.{domain}", identity)
        keys = [
            Secret(_between(answer.body, tag))
            for tag in (b"AccessKeyId", b"SecretAccessKey", b"SessionToken")
        ]
    else:
        keys = [found for name in VARIABLES["aws"] if (found := job.secrets.get(name))]
        if len(keys) < 2:
            raise _malformed("aws")
    answer = yield _ecr_request(region, domain, keys, job.now)
    if answer.status != 200:
        raise _refusal(answer, f"api.ecr.{region}.{domain}", None)
    (entry,) = Object.parse(answer.body, "ECR's answer").children("authorizationData")
    user, _, password = b64decode(entry.text("authorizationToken")).decode().partition(":")
    return Password(user, Secret(password, "ECR password"))


def _ecr_policy(account: str, region: str, name: str) -> dict[str, object]:
    """The rights of the session: this repository, and pushing, and no more than the role has."""
    actions = (
        "BatchCheckLayerAvailability InitiateLayerUpload UploadLayerPart CompleteLayerUpload PutImage "
        "BatchGetImage GetDownloadUrlForLayer"
    )
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
            {
                "Effect": "Allow",
                "Action": [f"ecr:{action}" for action in actions.split()],
                "Resource": f"arn:aws:ecr:{region}:{account}:repository/{name}",
            },
        ],
    }


def _ecr_request(region: str, domain: str, keys: list[Secret], now: float) -> Request:
    """`GetAuthorizationToken`, signed (AWS Signature Version 4)."""
    host, body = f"api.ecr.{region}.{domain}", b"{}"
    at = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "host": host,
        "x-amz-date": at,
        "x-amz-target": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
    }
    if len(keys) > 2:
        headers["x-amz-security-token"] = keys[2].reveal()
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{at[:8]}/{region}/ecr/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{keys[1].reveal()}".encode()
    for part in (at[:8], region, "ecr", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    value = (
        f"AWS4-HMAC-SHA256 Credential={keys[0].reveal()}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    shown = tuple((k, v) for k, v in headers.items() if k not in ("host", "x-amz-security-token"))
    hidden = [("Authorization", Secret(value))]
    hidden += [("x-amz-security-token", keys[2])] if len(keys) > 2 else []
    return Request("POST", f"https://{host}/", shown, body, tuple(hidden), token=True)


def _azure(rest: str, job: Job) -> Exchange:
    tenant, _, client = rest.partition(":")
    if not tenant or not client:
        raise _malformed("azure")
    identity = yield from id_token("api://AzureADTokenExchange", job)
    answer = yield _form(
        f"https://login.microsoftonline.com/{quote(tenant)}/oauth2/v2.0/token",
        {
            "grant_type": "client_credentials",
            "client_id": client,
            "scope": "https://containerregistry.azure.net/.default",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": identity.reveal(),
        },
    )
    entra = _text(answer, "access_token", "login.microsoftonline.com", identity)
    answer = yield _form(
        f"https://{job.host}/oauth2/exchange",
        {
            "grant_type": "access_token",
            "service": job.host,
            "tenant": tenant,
            "access_token": entra.reveal(),
        },
    )
    return Identity(_text(answer, "refresh_token", job.host, None), "00000000-0000-0000-0000-000000000000")


def _hub(rest: str, job: Job) -> Exchange:
    organisation, _, connection = rest.partition(":")
    if not organisation or not connection:
        raise _malformed("dockerhub")
    identity = yield from id_token("https://identity.docker.com", job)
    answer = yield _form(
        "https://identity.docker.com/oauth/token",
        {
            "grant_type": TOKEN_EXCHANGE,
            "subject_token_type": ID_TOKEN,
            "subject_token": identity.reveal(),
            "connection_id": connection,
            "expires_in": str(SHORT_S),
        },
    )
    return Password(organisation, _text(answer, "access_token", "identity.docker.com", identity))


def _quay(robot: str, job: Job) -> Exchange:
    if "+" not in robot:
        raise _malformed("quay")
    identity = yield from id_token(job.host, job)
    pair = b64encode(f"{robot}:{identity.reveal()}".encode()).decode()
    url = f"https://{job.host}/oauth2/federation/robot/token"
    answer = yield Request("GET", url, token=True).bearing(Secret(f"Basic {pair}"))
    return Password(robot, _text(answer, "token", job.host, identity))


def _form(url: str, fields: dict[str, str]) -> Request:
    return Request("POST", url, FORM, Secret(urlencode(fields)), token=True)


def _json(url: str, fields: Mapping[str, object]) -> Request:
    kind = (("Content-Type", "application/json"), ("Accept", "application/json"))
    return Request("POST", url, kind, Secret(json.dumps(fields)), token=True)


def _text(answer: Response, key: str, who: str, identity: Secret | None) -> Secret:
    if answer.status != 200:
        raise _refusal(answer, who, identity)
    try:
        return Secret(Object.parse(answer.body, f"the answer of {who}").text(key), key)
    except InputError as error:
        raise WorldError(Problem(f"{who} answers without `{key}`")) from error


def _refusal(answer: Response, who: str, identity: Secret | None) -> WorldError:
    """Names the claim that a trust policy looks at, and nothing of the token itself."""
    told = f"; this job's claim is sub={_subject(identity)}" if identity else ""
    return WorldError(
        Problem(
            f"{who} refused the job's identity ({answer.status}){told}",
            help="its trust policy must accept that claim, and the audience",
        )
    )


def _subject(identity: Secret) -> str:
    """The `sub` of a JWT, only to be shown."""
    part = identity.reveal().split(".")[1:2]
    try:
        raw = urlsafe_b64decode("".join(part) + "==")
        return Object.parse(raw, "the claims").text("sub", "?")
    except (ValueError, InputError):
        return "?"


def _between(body: bytes, tag: bytes) -> str:
    found = re.search(b"<%b>([^<]+)</%b>" % (tag, tag), body)
    if not found:
        raise WorldError(Problem(f"AWS answers without {tag.decode()}"))
    return found[1].decode()


def _malformed(kind: str) -> InputError:
    return InputError(Problem(f"credential source {kind}", expected=KINDS[kind]))
