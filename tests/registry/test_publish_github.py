"""What `publish` tells GitHub, against a scripted server on loopback and a real registry."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import StartRegistry
from testbed.hub import Server
from testbed.pushing import ctr_ci
from testbed.saved import Saved, layer

SHA = "c" * 40
CANARY = "ghs_canary0000000000000000000000000000"
REPO = "/repos/team/app"
STATUS, DEPLOYMENTS = f"{REPO}/statuses/{SHA}", f"{REPO}/deployments"
FORBIDDEN = {"message": "Resource not accessible by integration"}
Publish = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    made.on("GET", f"{REPO}/commits/{SHA}", (200, {"sha": SHA, "url": f"{made.url}{REPO}/commits/{SHA}"}))
    made.on("POST", STATUS, (201, {"url": "https://x/s"}))
    made.on("POST", DEPLOYMENTS, (201, {"id": 3, "url": f"{made.url}{DEPLOYMENTS}/3"}))
    made.on("POST", f"{DEPLOYMENTS}/3/statuses", (201, {"state": "success"}))
    yield made
    made.close()


@pytest.fixture
def publish(registry: StartRegistry, server: Server, tmp_path: Path) -> Publish:
    to = f"{registry().host}/team/app"

    def run(*more: str, **environment: str) -> subprocess.CompletedProcess[str]:
        saved = Saved([layer(app=b"app")], created="2025-01-01T00:00:00Z")
        (tmp_path / "image.tar").write_bytes(saved.archive())
        known = {
            "GITHUB_TOKEN": CANARY,
            "GITHUB_REPOSITORY": "team/app",
            "GITHUB_SHA": SHA,
            "GITHUB_API_URL": server.url,
        }
        return ctr_ci(
            *("publish", "--archive", "image.tar", "--unverified", "--to", to, "--tag", "v1"),
            *("--format", "json", *more),
            folder=tmp_path,
            **known | environment,
        )

    return run


def digest_of(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    digest: str = json.loads(done.stdout)["digest"]
    return digest


def test_the_commit_gets_a_status_with_the_digest(publish: Publish, server: Server) -> None:
    run = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKFLOW_REF": "team/app/.github/workflows/ci.yml@refs/heads/main",
        "GITHUB_RUN_ID": "7",
    }
    done = publish("--github-status", **run)
    (body,) = server.bodies("POST", STATUS)
    assert body["state"] == "success"
    assert body["description"] == f"{digest_of(done)} as v1"
    assert body["context"].startswith("ctr-ci/publish 127.0.0.1:")
    assert body["target_url"] == "https://github.com/team/app/actions/runs/7/attempts/1"
    assert server.bodies("POST", DEPLOYMENTS) == []
    assert "warning" not in done.stderr


def test_a_deployment_names_the_environment_and_the_digest(publish: Publish, server: Server) -> None:
    done = publish("--github-deployment", "production")
    (body,) = server.bodies("POST", DEPLOYMENTS)
    assert (body["ref"], body["environment"]) == (SHA, "production")
    assert body["payload"] == {"digest": digest_of(done)}
    assert server.bodies("POST", f"{DEPLOYMENTS}/3/statuses")[0]["state"] == "success"
    assert server.bodies("POST", STATUS) == []


def test_nothing_is_asked_of_github_without_the_options(publish: Publish, server: Server) -> None:
    digest_of(publish())
    assert publish("--github-status", "--dry-run").returncode == 0
    assert server.asked == []


@pytest.mark.parametrize("status", [401, 403, 404, 422])
def test_a_refusal_is_a_warning_and_the_push_stands(publish: Publish, server: Server, status: int) -> None:
    server.on("POST", STATUS, (status, FORBIDDEN))
    server.on("POST", DEPLOYMENTS, (status, FORBIDDEN))
    done = publish("--github-status", "--github-deployment", "production")
    digest_of(done)
    warnings = [line for line in done.stderr.splitlines() if line.startswith("warning: ")]
    assert [line.partition(":")[2].partition(":")[0] for line in warnings] == [
        " no commit status",
        " no deployment",
    ]
    assert CANARY not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"GITHUB_TOKEN": ""}, "GITHUB_TOKEN is not set"),
        ({"GITHUB_REPOSITORY": ""}, "GITHUB_REPOSITORY is '', expected owner/name"),
        ({"GITHUB_SHA": "main"}, "GITHUB_SHA is 'main', expected a commit"),
        ({"GITHUB_API_URL": "github"}, "GITHUB_API_URL is 'github', expected an address"),
        ({"GITHUB_API_URL": "http://127.0.0.1:9"}, "GitHub's API did not answer as it should"),
    ],
)
def test_what_is_missing_is_a_warning_and_the_push_stands(
    publish: Publish, environment: dict[str, str], words: str
) -> None:
    done = publish("--github-status", **environment)
    digest_of(done)
    assert f"{words}" in done.stderr
    assert "the push itself is done" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_push_that_moved_no_tag_is_no_deployment(publish: Publish, server: Server) -> None:
    digest_of(publish("--only-if-newer"))
    other = ("--only-if-newer", "--annotation", "a=b", "--github-deployment", "production")
    done = publish(*other)
    digest_of(done)
    assert "no deployment to production: no tag moved" in done.stderr
    assert server.asked == []


def test_the_token_is_not_sent_to_the_registry(publish: Publish, server: Server) -> None:
    done = publish("--github-status", "--credential", "github")
    assert done.returncode == 0, done.stderr  # an open registry asks for nothing
    assert CANARY not in done.stdout + done.stderr
    assert len(server.bodies("POST", STATUS)) == 1
