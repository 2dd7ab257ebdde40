"""What the action says on a pull request, through the real client, against a scripted API."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ctr_ci.action.door import act
from faults.test_github_api import FORBIDDEN, REPO
from testbed.hub import Server

TOKEN = "ghs_canary0000000000000000000000000000"
DOCKERFILE = (
    "FROM debian:bookworm-slim\nUSER 10001\nWORKDIR app\nRUN apt-get update && apt-get install curl\n"
)
PATCH = "@@ -2,1 +2,3 @@\n USER 10001\n+WORKDIR app\n+RUN apt-get update && apt-get install curl\n"


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    pull = {"number": 7, "url": f"{made.url}{REPO}/pulls/7"}
    made.on("GET", f"{REPO}/pulls/7", (200, pull))
    made.on("GET", f"{REPO}/pulls/7/files", (200, [{"filename": "Dockerfile", "patch": PATCH}]))
    made.on("GET", f"{REPO}/issues/7", (200, {"number": 7, "url": f"{made.url}{REPO}/issues/7"}))
    made.on("GET", f"{REPO}/issues/7/comments", (200, []))
    made.on("GET", f"{REPO}/commits/head", (200, {"sha": "head", "url": f"{made.url}{REPO}/commits/head"}))
    made.on("GET", f"{REPO}/commits/head/check-runs", (200, {"total_count": 0, "check_runs": []}))
    yield made
    made.close()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE)
    monkeypatch.chdir(folder)
    return folder


def use(server: Server, tmp_path: Path, **inputs: str) -> tuple[int, str, str]:
    """Exit code, what was printed, and the summary."""
    payload = {"pull_request": {"number": 7, "head": {"sha": "head", "repo": {"full_name": "team/app"}}}}
    (tmp_path / "event.json").write_text(json.dumps(payload))
    (tmp_path / "summary.md").write_text("")
    environment = {
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_REPOSITORY": "team/app",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_API_URL": server.url,
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "CTR_CI_INPUT_GITHUB_TOKEN": TOKEN,
        "CTR_CI_INPUT_DOCKERFILE": "Dockerfile",
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
    } | {f"CTR_CI_INPUT_{name.upper()}": value for name, value in inputs.items()}
    out = io.StringIO()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    code = act(environment, scratch, out)
    return code, out.getvalue(), (tmp_path / "summary.md").read_text()


def test_everything_that_was_asked_for_is_said_once(server: Server, repository: Path, tmp_path: Path) -> None:
    server.on("POST", f"{REPO}/issues/7/comments", lambda body: (201, {"id": 1, "html_url": "u", **body}))
    server.on("POST", f"{REPO}/pulls/7/reviews", (200, {"id": 1, "html_url": "u"}))
    server.on("POST", f"{REPO}/code-scanning/sarifs", (202, {"id": "x", "url": "u"}))
    server.on("POST", f"{REPO}/check-runs", (201, {"id": 5, "html_url": "u", "url": f"{server.url}/x"}))
    code, said, _ = use(
        server,
        tmp_path,
        comment="true",
        suggest="true",
        upload_sarif="true",
        check_run="true",
        fail_on="error",
    )
    assert code == 0, said
    (comment,) = server.bodies("POST", f"{REPO}/issues/7/comments")
    assert comment["body"].startswith("<!-- ctr-ci:report -->")
    assert "relative-workdir" in comment["body"]
    (review,) = server.bodies("POST", f"{REPO}/pulls/7/reviews")
    assert any("```suggestion" in one["body"] and "-y" in one["body"] for one in review["comments"])
    (sarif,) = server.bodies("POST", f"{REPO}/code-scanning/sarifs")
    assert (sarif["commit_sha"], sarif["ref"]) == ("head", "refs/pull/7/merge")
    assert json.loads(gzip.decompress(base64.b64decode(sarif["sarif"])))["version"] == "2.1.0"
    (check,) = server.bodies("POST", f"{REPO}/check-runs")
    assert check["conclusion"] == "success"
    assert check["output"]["annotations"]
    printed = re.sub(r"::add-mask::\S+", "", said)
    assert TOKEN not in printed


def test_a_read_only_token_changes_no_verdict_and_says_what_it_lacks(
    server: Server, repository: Path, tmp_path: Path
) -> None:
    for path in ("issues/7/comments", "pulls/7/reviews", "code-scanning/sarifs", "check-runs"):
        server.on("POST", f"{REPO}/{path}", (403, FORBIDDEN))
    code, said, summary = use(
        server,
        tmp_path,
        comment="true",
        suggest="true",
        upload_sarif="true",
        check_run="true",
        fail_on="error",
    )
    assert code == 0
    for permission in ("pull-requests: write", "security-events: write", "checks: write"):
        assert f"{permission}" in said.replace("%3A", ":")
    assert "::warning file=Dockerfile" in said
    assert "> no comment" in summary


def test_without_a_word_from_github_the_verdict_is_the_same(
    server: Server, repository: Path, tmp_path: Path
) -> None:
    server.close()
    code, said, _ = use(server, tmp_path, comment="true", fail_on="warning")
    assert code == 1
    assert "::warning file=Dockerfile" in said
    assert "GitHub" in said


def test_changed_lines_come_first_and_the_rest_is_counted(
    server: Server, repository: Path, tmp_path: Path
) -> None:
    lines = "".join(f"WORKDIR a{number}\n" for number in range(30))
    (repository / "Dockerfile").write_text(f"FROM debian:bookworm-slim\nUSER 10001\n{lines}")
    patch = "@@ -30,1 +30,2 @@\n WORKDIR a27\n+WORKDIR a28\n"
    server.on("GET", f"{REPO}/pulls/7/files", (200, [{"filename": "Dockerfile", "patch": patch}]))
    _, said, _ = use(server, tmp_path, fail_on="never")
    shown = re.findall(r"^::warning file=Dockerfile,line=(\d+)", said, re.MULTILINE)
    assert len(shown) == 10
    assert shown[:2] == ["30", "31"]  # a diff's context counts: reviews can speak there
    assert re.search(r"::notice::.*20 more warnings", said)


@pytest.mark.parametrize(
    "text",
    [
        "RUN echo '::error::forged'",
        "RUN echo '##[error]forged'",
        "RUN echo '::set-output name=digest::forged'",
        'LABEL a="\x1b[31m::error::forged"',
        "WORKDIR ::error::forged",
        "WORKDIR |<script>alert(1)</script>",
        "WORKDIR `forged`",
        "WORKDIR [x](javascript:forged)",
        "WORKDIR %0A::error::forged",
        "WORKDIR é::error::forged",
    ],
)
def test_what_a_dockerfile_says_cannot_act(
    server: Server, repository: Path, tmp_path: Path, text: str
) -> None:
    (repository / "Dockerfile").write_text(f"FROM debian:bookworm-slim\n{text}\n")
    code, said, summary = use(server, tmp_path, fail_on="never")
    assert code == 0, said
    free = re.sub(r"^::stop-commands::(\w+)\n.*?^::\1::\n", "", said, flags=re.MULTILINE | re.DOTALL)
    acting = re.findall(r"^::(\w[\w-]*)", free, re.MULTILINE)
    assert set(acting) <= {"add-mask", "group", "endgroup", "warning", "notice", "error"}
    assert not re.search(r"^::error::forged", free, re.MULTILINE)
    assert "##[" not in said.replace("##\u200b[", "")
    assert "<script" not in summary
    assert not re.search(r"(?<!\\)\]\(javascript", summary)
