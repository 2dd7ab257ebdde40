"""What is known of the run on GitHub."""

from __future__ import annotations

import json
from pathlib import Path

from ctr_ci.action.event import event


def of(tmp_path: Path, name: str, payload: object) -> dict[str, str]:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(payload))
    return {
        "GITHUB_EVENT_PATH": str(path),
        "GITHUB_EVENT_NAME": name,
        "GITHUB_REPOSITORY": "org/app",
        "GITHUB_SHA": "merge",
    }


def pull(repository: object) -> object:
    return {"pull_request": {"number": 7, "head": {"sha": "head", "repo": repository}}}


def test_a_pull_request_reports_on_its_head(tmp_path: Path) -> None:
    found = event(of(tmp_path, "pull_request", pull({"full_name": "org/app"})))
    assert (found.pull_request, found.sha, found.from_fork) == (7, "head", False)


def test_a_fork_is_known_and_so_is_a_fork_that_is_gone(tmp_path: Path) -> None:
    assert event(of(tmp_path, "pull_request", pull({"full_name": "other/app"}))).from_fork
    assert event(of(tmp_path, "pull_request", pull(None))).from_fork


def test_a_strangers_code_with_our_secrets(tmp_path: Path) -> None:
    fork = {"full_name": "other/app"}
    assert event(of(tmp_path, "pull_request_target", pull(fork))).trusts_a_stranger
    assert not event(of(tmp_path, "pull_request", pull(fork))).trusts_a_stranger
    assert not event(of(tmp_path, "pull_request_target", pull({"full_name": "org/app"}))).trusts_a_stranger
    run = {"workflow_run": {"head_sha": "head", "head_repository": fork}}
    assert event(of(tmp_path, "workflow_run", run)).trusts_a_stranger


def test_a_push_has_no_pull_request(tmp_path: Path) -> None:
    found = event(of(tmp_path, "push", {"ref": "refs/heads/main"}))
    assert (found.pull_request, found.sha, found.from_fork, found.trusts_a_stranger) == (
        0,
        "merge",
        False,
        False,
    )


def test_a_broken_payload_says_nothing(tmp_path: Path) -> None:
    environment = of(tmp_path, "push", {})
    for broken in ("{", '{"a":' + "[" * 200_000):
        Path(environment["GITHUB_EVENT_PATH"]).write_text(broken)
        assert event(environment).sha == "merge"
    assert event({}).repository == ""
