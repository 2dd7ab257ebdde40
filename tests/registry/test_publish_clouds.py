"""A push to each cloud's registry by the command: which services are asked, for what, and who gets
which secret; and once more with all of that void in the middle of the push."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import StartRegistry
from testbed.certificates import Authority
from testbed.cloud import IDENTITY_HOST, Answer, Asked, Cloud, Front
from testbed.pushing import ctr_ci, tags
from testbed.saved import Saved, layer
from testbed.tunnel import Tunnel

POOL = "projects/1/locations/global/workloadIdentityPools/p/providers/gh"
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


@dataclass(frozen=True)
class Case:
    """How a registry is pushed to: its host, `--credential`, token service, what the exchange must be
    proven by (`audience`, "" where nothing is exchanged), and the services in between."""

    host: str
    source: str
    realm: str
    audience: str
    wire: Callable[[Cloud], None]
    names: tuple[str, ...] = ()
    password: str = ""


def by_password(user: str, password: str) -> Callable[[Cloud], None]:
    def wire(cloud: Cloud) -> None:
        cloud.login = lambda: (user, password)

    return wire


def google(cloud: Cloud) -> None:
    def sts(asked: Asked) -> Answer:
        wanted = {
            "audience": f"//iam.googleapis.com/{POOL}",
            "grantType": TOKEN_EXCHANGE,
            "subjectToken": cloud.identity(f"https://iam.googleapis.com/{POOL}"),
        }
        return (200, {"access_token": "federated"}) if wanted.items() <= asked.fields.items() else (400, {})

    def account(asked: Asked) -> Answer:
        short = asked.fields["lifetime"] == "900s"
        good = asked.authorization == "Bearer federated" and short
        return (200, {"accessToken": f"account-{cloud.count}"}) if good else (403, {})

    cloud.services = {
        "sts.googleapis.com/v1/token": sts,
        "iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/push": account,
    }
    cloud.login = lambda: ("oauth2accesstoken", f"account-{cloud.count}")


def amazon(cloud: Cloud) -> None:
    def sts(asked: Asked) -> Answer:
        statements = json.loads(asked.fields["Policy"])["Statement"]
        narrow = statements[1]["Resource"] == "arn:aws:ecr:eu-west-1:123456789012:repository/team/app"
        known = asked.fields["WebIdentityToken"] == cloud.identity("sts.amazonaws.com")
        if not (narrow and known and asked.fields["DurationSeconds"] == "900"):
            return 400, {}
        return 200, "<r><AccessKeyId>AK</AccessKeyId><SecretAccessKey>SK</SecretAccessKey>" + (
            "<SessionToken>ST</SessionToken></r>"
        )

    def ecr(asked: Asked) -> Answer:
        if "Credential=AK/" not in asked.authorization:
            return 403, {}
        pair = b64encode(f"AWS:ecr-{cloud.count}".encode()).decode()
        return 200, {"authorizationData": [{"authorizationToken": pair}]}

    cloud.services = {"sts.eu-west-1.amazonaws.com/": sts, "api.ecr.eu-west-1.amazonaws.com/": ecr}
    cloud.login = lambda: ("AWS", f"ecr-{cloud.count}")


def azure(cloud: Cloud) -> None:
    def entra(asked: Asked) -> Answer:
        known = asked.fields["client_assertion"] == cloud.identity("api://AzureADTokenExchange")
        return (
            (200, {"access_token": "entra"}) if known and asked.fields["client_id"] == "client" else (401, {})
        )

    def exchange(asked: Asked) -> Answer:
        good = asked.fields["access_token"] == "entra" and asked.fields["service"] == "r.azurecr.io"
        return (200, {"refresh_token": f"refresh-{cloud.count}"}) if good else (401, {})

    cloud.services = {
        "login.microsoftonline.com/tenant/oauth2/v2.0/token": entra,
        "r.azurecr.io/oauth2/exchange": exchange,
    }
    cloud.login = lambda: ("", f"refresh-{cloud.count}")


def hub(cloud: Cloud) -> None:
    def exchange(asked: Asked) -> Answer:
        wanted = {
            "grant_type": TOKEN_EXCHANGE,
            "connection_id": "connection",
            "subject_token": cloud.identity("https://identity.docker.com"),
        }
        given = {"access_token": f"hub-{cloud.count}"}
        return (200, given) if wanted.items() <= asked.fields.items() else (401, {})

    cloud.services = {"identity.docker.com/oauth/token": exchange}
    cloud.login = lambda: ("team", f"hub-{cloud.count}")


def quay(cloud: Cloud) -> None:
    def federated(asked: Asked) -> Answer:
        good = asked.login() == ("team+push", cloud.identity("quay.io"))
        return (200, {"token": f"robot-{cloud.count}"}) if good else (401, {})

    cloud.services = {"quay.io/oauth2/federation/robot/token": federated}
    cloud.login = lambda: ("team+push", f"robot-{cloud.count}")


CASES = {
    "GitHub": Case(
        *("ghcr.io", "github", "https://ghcr.io/token", "", by_password("octocat", "the-word")),
        password="GITHUB_TOKEN",
    ),
    "Google": Case(
        "eu-docker.pkg.dev",
        f"gcp:{POOL}:push@p.iam.gserviceaccount.com",
        "https://eu-docker.pkg.dev/v2/token",
        f"https://iam.googleapis.com/{POOL}",
        google,
        ("sts.googleapis.com", "iamcredentials.googleapis.com"),
    ),
    "AWS": Case(
        *(ECR, "aws:arn:aws:iam::1:role/push", "", "sts.amazonaws.com", amazon),
        ("sts.eu-west-1.amazonaws.com", "api.ecr.eu-west-1.amazonaws.com"),
    ),
    "Azure": Case(
        "r.azurecr.io",
        "azure:tenant:client",
        "https://r.azurecr.io/oauth2/token",
        "api://AzureADTokenExchange",
        azure,
        ("login.microsoftonline.com",),
    ),
    "Docker Hub": Case(
        "docker.io",
        "dockerhub:team:connection",
        "https://auth.docker.io/token",
        "https://identity.docker.com",
        hub,
        ("registry-1.docker.io", "auth.docker.io", "identity.docker.com"),
    ),
    "Quay": Case("quay.io", "quay:team+push", "https://quay.io/v2/auth", "quay.io", quay),
    "Harbor": Case(
        "harbor.test",
        "env:robot$team+push:WORD",
        "https://harbor.test/service/token",
        "",
        by_password("robot$team+push", "the-word"),
        password="WORD",
    ),
    "GitLab": Case(
        "registry.gitlab.com",
        "env:deploy:WORD",
        "https://gitlab.com/jwt/auth",
        "",
        by_password("deploy", "the-word"),
        ("gitlab.com",),
        password="WORD",
    ),
}
EXCHANGED = [name for name, case in CASES.items() if case.audience]


@contextmanager
def standing(case: Case, upstream: str, folder: Path) -> Iterator[tuple[Cloud, Callable[..., str]]]:
    """The cloud, and a push to it, which gives all that the command said."""
    cloud = Cloud(case.host, case.realm, upstream)
    case.wire(cloud)
    authority = Authority(folder)
    front = Front(cloud, authority, case.host, IDENTITY_HOST, *case.names)
    tunnel = Tunnel(front.host)
    environment = {"HTTPS_PROXY": f"http://{tunnel.url}", "GITHUB_ACTOR": "octocat"}
    if case.audience:
        environment["ACTIONS_ID_TOKEN_REQUEST_URL"] = f"https://{IDENTITY_HOST}/oidc?api=2.0"
        environment["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = "request-token"
    if case.password:
        environment[case.password] = "the-word"
    saved = Saved([layer(noise=os.urandom(60_000)) for _ in range(3)])
    (folder / "image.tar").write_bytes(saved.archive())

    def push(*more: str, code: int = 0) -> str:
        done = ctr_ci(
            *("publish", "--archive", "image.tar", "--unverified", "--to", f"{case.host}/team/app:v1"),
            *("--credential", case.source, "--ca", str(authority.file), *more),
            folder=folder,
            **environment,
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    try:
        yield cloud, push
    finally:
        tunnel.stop()
        front.stop()


@pytest.mark.parametrize("name", CASES)
def test_a_push_asks_for_this_repository_only_and_tells_no_secret(
    registry: StartRegistry, tmp_path: Path, name: str
) -> None:
    case, host = CASES[name], registry().host
    with standing(case, host, tmp_path) as (cloud, push):
        said = push()
    assert tags(host, "team/app") == ["v1"]
    assert set(cloud.scopes) == ({"repository:team/app:pull,push"} if case.realm else set())
    assert cloud.audiences == ([case.audience] if case.audience else [])
    # The registry itself gets what its token service gave, and no password where it wants a bearer.
    shown = {authorization for _, _, authorization in cloud.seen if authorization}
    assert shown == {f"Bearer {cloud.bearer}"} if case.realm else len(shown) == 1
    user, password = cloud.login()
    pair = b64encode(f"{user}:{password}".encode()).decode()
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert len(files) > 2  # the archive, the authority, what a push remembers
    for secret in (password, pair, cloud.bearer, "request-token", "federated", cloud.identity(case.audience)):
        assert secret not in said
        assert not [path for path, content in files.items() if secret.encode() in content]


@pytest.mark.parametrize("name", EXCHANGED)
def test_what_ends_in_the_middle_of_a_push_is_exchanged_anew(
    registry: StartRegistry, tmp_path: Path, name: str
) -> None:
    case, host = CASES[name], registry().host
    with standing(case, host, tmp_path) as (cloud, push):
        cloud.expire_at = 9
        push()
    assert tags(host, "team/app") == ["v1"]
    assert cloud.audiences == [case.audience] * 2
    assert cloud.count == 2


@pytest.mark.parametrize("name", CASES)
def test_whom_the_token_service_does_not_know_is_told_so_and_not_what_was_sent(
    registry: StartRegistry, tmp_path: Path, name: str
) -> None:
    case, host = CASES[name], registry().host
    with standing(case, host, tmp_path) as (cloud, push):
        cloud.login = lambda: ("somebody", "else")
        said = push(code=3)
    assert "refused" in said
    assert "the-word" not in said
    assert "is not welcome" not in said
    assert tags(host, "team/app") == []
