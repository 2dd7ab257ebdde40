"""What GitHub is told after a push: a commit status with the digest, a deployment of it.

The push is done by then, so whatever GitHub refuses is one line of warning and no failure.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ctr_ci.problem import CtrCiError
from ctr_ci.publish import Receipt
from ctr_ci.secret import Secret
from ctr_ci.verbs.publish_request import Request

if TYPE_CHECKING:
    from ctr_ci.github import Hub, Outcome

TOKEN = "GITHUB_TOKEN"  # noqa: S105  the name of a variable
API = "https://api.github.com"


@dataclass(frozen=True, slots=True)
class Place:
    """Where GitHub is told: its API, "owner/name", the commit, and the page of the run ("" unknown)."""

    token: Secret
    api_url: str
    repository: str
    sha: str
    run_url: str


def announce(
    request: Request, receipt: Receipt, token: Secret | None, environment: Mapping[str, str], run_url: str
) -> None:
    """Tells what was asked for; warns where that cannot be."""
    if not request.tells_github:
        return
    for warning in _announced(request, receipt, token, environment, run_url):
        print(f"warning: {warning}; the push itself is done", file=sys.stderr, flush=True)


def _announced(
    request: Request, receipt: Receipt, token: Secret | None, environment: Mapping[str, str], run_url: str
) -> Iterator[str]:
    from ctr_ci.github import connect

    place = _place(token, environment, run_url)
    if isinstance(place, str):
        yield f"GitHub was not told: {place}"
        return
    hub = connect(place.token, place.repository, place.api_url)
    if request.github_status:
        yield from _tried(lambda: _status(hub, place, receipt))
    if request.github_deployment and receipt.tags and all(tag.kept for tag in receipt.tags):
        yield f"no deployment to {request.github_deployment}: no tag moved"
    elif request.github_deployment:
        where = request.github_deployment
        yield from _tried(lambda: hub.deployment(place.sha, where, str(receipt.digest)))


def _status(hub: Hub, place: Place, receipt: Receipt) -> Outcome:
    tags = ", ".join(tag.name for tag in receipt.tags if not tag.kept)
    text = f"{receipt.digest}" + (f" as {tags}" if tags else "")
    return hub.status(place.sha, True, f"ctr-ci/publish {receipt.repository}", text, place.run_url)


def _tried(work: Callable[[], Outcome]) -> Iterator[str]:
    try:
        outcome = work()
    except CtrCiError as error:
        yield error.problems[0].found
        return
    if not outcome.done:
        yield outcome.because


def _place(token: Secret | None, environment: Mapping[str, str], run_url: str) -> Place | str:
    """Where to tell; in words what is missing for that."""
    repository, sha = environment.get("GITHUB_REPOSITORY", ""), environment.get("GITHUB_SHA", "")
    api_url = environment.get("GITHUB_API_URL", "") or API
    if token is None:
        return f"{TOKEN} is not set (in a workflow: `env: {TOKEN}: ${{{{ github.token }}}}`)"
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        return f"GITHUB_REPOSITORY is {repository!r}, expected owner/name"
    if not re.fullmatch(r"[0-9a-f]{7,64}", sha):
        return f"GITHUB_SHA is {sha!r}, expected a commit"
    if not re.fullmatch(r"https?://[^\s/?#@]+[^\s?#]*", api_url):
        return f"GITHUB_API_URL is {api_url!r}, expected an address"
    return Place(token, api_url.rstrip("/"), repository, sha, run_url)
