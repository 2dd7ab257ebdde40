"""What GitHub says of the run: repository, commit, pull request, whose head it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Event:
    """`pull_request` 0: none. `sha` is the head that reports belong to, not GitHub's merge commit."""

    name: str
    repository: str
    sha: str
    ref: str
    pull_request: int
    from_fork: bool
    api_url: str

    @property
    def trusts_a_stranger(self) -> bool:
        """Whether this event has the base repository's secrets while a fork chose the code."""
        return self.name in ("pull_request_target", "workflow_run") and self.from_fork


def event(environment: Mapping[str, str]) -> Event:
    """The event of this job, as far as it is known; a missing or broken payload says nothing."""
    payload = _payload(environment.get("GITHUB_EVENT_PATH", ""))
    repository = environment.get("GITHUB_REPOSITORY", "")
    pull = payload.get("pull_request")
    if not isinstance(pull, dict):
        run = payload.get("workflow_run")
        pull = (
            {"head": {"sha": run.get("head_sha"), "repo": run.get("head_repository")}}
            if isinstance(run, dict)
            else {}
        )
    head = pull.get("head")
    head = head if isinstance(head, dict) else {}
    source = head.get("repo")
    number = pull.get("number")
    sha = head.get("sha")
    # A deleted fork has no repository any more: it was not ours.
    own = isinstance(source, dict) and source.get("full_name") == repository
    return Event(
        environment.get("GITHUB_EVENT_NAME", ""),
        repository,
        sha if isinstance(sha, str) else environment.get("GITHUB_SHA", ""),
        environment.get("GITHUB_REF", ""),
        number if isinstance(number, int) else 0,
        bool(head) and not own,
        environment.get("GITHUB_API_URL") or "https://api.github.com",
    )


def _payload(path: str) -> dict[str, object]:
    try:
        payload = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return payload if isinstance(payload, dict) else {}
