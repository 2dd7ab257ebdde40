"""GitHub's API through PyGithub: the only importer of `github`.

A read-only token (forks, Dependabot), a missing permission or a limit never fails the work: each
method says in its Outcome what did not happen and which permission it takes. A request that makes
something is never blindly sent again after a 5xx, for it may have been heard: the method looks
for its own mark first, where what it makes can bear one.
"""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import github
import requests
from github.CheckRun import CheckRun
from github.IssueComment import IssueComment
from github.Repository import Repository

from ctr_ci.github.api import Outcome, Suggestion
from ctr_ci.github.commands import Annotation, fenced
from ctr_ci.problem import Problem, WorldError
from ctr_ci.secret import Secret

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from urllib3 import BaseHTTPResponse
    from urllib3.connectionpool import ConnectionPool

ANNOTATIONS_PER_REQUEST = 50
SUGGESTIONS = 20  # more make GitHub time out
COMMENT_CHARACTERS = 60_000  # GitHub refuses bodies somewhat above
CHECK_SUMMARY_CHARACTERS = 65_000
STATUS_CHARACTERS = 140
LONGEST_WAIT_S = 60  # for a rate limit: a report is not worth a runner's hour
ATTEMPTS = 3
LEVELS = {"error": "failure", "warning": "warning", "notice": "notice"}


class Patience(github.GithubRetry):
    """The library's retries, but for those that would make something twice or wait too long."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        if response is not None:
            wait = response.headers.get("Retry-After", "")
            if wait.isdigit() and int(wait) > LONGEST_WAIT_S:
                raise github.RateLimitExceededException(response.status, {}, dict(response.headers))
            if response.status >= 500 and method == "POST":
                raise github.GithubException(response.status, {}, dict(response.headers))
        return super().increment(method, url, response, error, _pool, _stacktrace)  # type: ignore[arg-type,return-value]


class PyGithubHub:
    """`api.Hub` on PyGithub, for one repository."""

    def __init__(self, token: Secret, repository: str, api_url: str) -> None:
        self._github = github.Github(
            auth=github.Auth.Token(token.reveal()),
            base_url=api_url,
            per_page=100,
            timeout=15,
            retry=Patience(
                total=ATTEMPTS, backoff_factor=0.5, max_rate_limit_wait=LONGEST_WAIT_S, secondary_rate_wait=5
            ),
            seconds_between_requests=0,
            seconds_between_writes=0.2,
            lazy=True,
        )
        self._repository: Repository = self._github.get_repo(repository)
        self._name = repository
        self._api_url = api_url

    def changed_lines(self, pull_request: int) -> Mapping[str, frozenset[int]]:
        try:
            files = list(self._repository.get_pull(pull_request).get_files())
        except github.GithubException as error:
            if error.status in (401, 403, 404):
                return {}
            raise self._unreachable(error) from error
        except requests.RequestException as error:
            raise self._unreachable(error) from error
        return {file.filename: lines_of_patch(file.patch or "") for file in files}

    def check_run(
        self, name: str, sha: str, passed: bool, title: str, summary: str, items: Sequence[Annotation]
    ) -> Outcome:
        shown = [_check_annotation(item) for item in items if item.path]
        head: dict[str, str | list[dict[str, str | int]]] = {
            "title": title,
            "summary": summary[:CHECK_SUMMARY_CHARACTERS],
        }

        def work() -> str:
            mark = f"ctr-ci/{name}/{sha}"
            made = self._own_check(name, sha, mark)
            if made is None:
                made = self._repository.create_check_run(
                    name,
                    sha,
                    external_id=mark,
                    status="completed",
                    conclusion="success" if passed else "failure",
                    output={**head, "annotations": shown[:ANNOTATIONS_PER_REQUEST]},
                )
                there = ANNOTATIONS_PER_REQUEST
            else:
                there = made.output.annotations_count or 0
                made.edit(conclusion="success" if passed else "failure", output={**head})
            for at in range(there, len(shown), ANNOTATIONS_PER_REQUEST):
                made.edit(output={**head, "annotations": shown[at : at + ANNOTATIONS_PER_REQUEST]})
            return made.html_url

        return self._try("check run", "checks: write", work, ATTEMPTS)

    def comment(self, pull_request: int, key: str, body: str) -> Outcome:
        mark = f"<!-- ctr-ci:{key} -->"
        text = f"{mark}\n{body}"
        if len(text) > COMMENT_CHARACTERS:
            text = text[:COMMENT_CHARACTERS] + "\n\n_The rest is cut: GitHub limits a comment's length._"

        def work() -> str:
            issue = self._repository.get_issue(pull_request)
            for comment in issue.get_comments():
                if comment.body.startswith(mark) and self._is_ours(comment):
                    if comment.body != text:
                        comment.edit(text)
                    return comment.html_url
            return issue.create_comment(text).html_url

        return self._try("comment", "pull-requests: write", work, ATTEMPTS)

    def suggest(self, pull_request: int, sha: str, suggestions: Sequence[Suggestion]) -> Outcome:
        changed = self.changed_lines(pull_request)
        fit = [
            one
            for one in suggestions
            if all(line in changed.get(one.path, ()) for line in range(one.line, one.end_line + 1))
        ]
        if not fit:
            return Outcome(False, "no fix lies on lines that this pull request changes")
        comments = []
        for one in fit[:SUGGESTIONS]:
            block = fenced(one.text.splitlines(), "suggestion")
            place: dict[str, str | int] = {"path": one.path, "line": one.end_line, "side": "RIGHT"}
            if one.end_line > one.line:
                place |= {"start_line": one.line, "start_side": "RIGHT"}
            comments.append({**place, "body": f"{one.message}\n\n{block}"})
        rest = len(fit) - len(comments)

        def work() -> str:
            pull = self._repository.get_pull(pull_request)
            body = "ctr-ci suggests these fixes." + (f" {rest} more did not fit." if rest else "")
            review = pull.create_review(
                commit=self._repository.get_commit(sha),
                body=body,
                event="COMMENT",
                comments=comments,  # type: ignore[arg-type]  # its TypedDict lacks start_line
            )
            return review.html_url

        return self._try("review", "pull-requests: write", work)

    def upload_sarif(self, sha: str, ref: str, sarif: str) -> Outcome:
        packed = base64.b64encode(gzip.compress(sarif.encode(), mtime=0)).decode()

        def work() -> str:
            url = f"{self._repository.url}/code-scanning/sarifs"
            _, answer = self._repository.requester.requestJsonAndCheck(
                "POST", url, input={"commit_sha": sha, "ref": ref, "sarif": packed}
            )
            return str(answer.get("url", "")) if isinstance(answer, dict) else ""

        return self._try("SARIF upload", "security-events: write", work, ATTEMPTS)

    def status(self, sha: str, passed: bool, context: str, description: str, url: str = "") -> Outcome:
        def work() -> str:
            made = self._repository.get_commit(sha).create_status(
                "success" if passed else "failure",
                target_url=url or github.GithubObject.NotSet,
                description=description[:STATUS_CHARACTERS],
                context=context,
            )
            return made.url

        return self._try("commit status", "statuses: write", work, ATTEMPTS)

    def deployment(self, sha: str, environment: str, digest: str, url: str = "") -> Outcome:
        def work() -> str:
            made = self._repository.create_deployment(
                ref=sha,
                environment=environment,
                auto_merge=False,
                required_contexts=[],
                payload={"digest": digest},
                description=f"pushed {digest}"[:STATUS_CHARACTERS],
            )
            made.create_status("success", environment_url=url or github.GithubObject.NotSet)
            return made.url

        return self._try("deployment", "deployments: write", work)

    def _own_check(self, name: str, sha: str, mark: str) -> CheckRun | None:
        runs = self._repository.get_commit(sha).get_check_runs(check_name=name)
        return next((run for run in runs if run.external_id == mark), None)

    def _is_ours(self, comment: IssueComment) -> bool:
        """Whether our token's owner wrote it: anybody may begin a comment with our mark."""
        try:
            return bool(comment.user.login == self._github.get_user().login)
        except github.GithubException as error:
            if error.status not in (401, 403, 404):
                raise
            return bool(comment.user.type == "Bot")  # a workflow's token may not ask who it is

    def _try(self, what: str, permission: str, work: Callable[[], str], attempts: int = 1) -> Outcome:
        """`attempts`: how often, where a server fails; more than one takes work that finds what it made."""
        try:
            return Outcome(True, url=work())
        except github.GithubException as error:
            if error.status >= 500 and attempts > 1:
                return self._try(what, permission, work, attempts - 1)
            if error.status == 429 or isinstance(error, github.RateLimitExceededException):
                return Outcome(False, f"no {what}: GitHub's rate limit is used up; the next run will tell")
            if error.status in (401, 403):
                return Outcome(
                    False,
                    f"no {what}: the token may not. It takes `permissions: {permission}`; "
                    "tokens of forks and of Dependabot are read-only",
                )
            if error.status in (404, 410, 422):
                return Outcome(False, f"no {what}: GitHub answered {error.status} {_said(error)}".rstrip())
            raise self._unreachable(error) from error
        except requests.RequestException as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> WorldError:
        status = f" (status {error.status})" if isinstance(error, github.GithubException) else ""
        return WorldError(
            Problem(
                f"GitHub's API did not answer as it should{status}: {type(error).__name__}",
                expected=f"{self._api_url} to answer for {self._name}",
                help="try again; GITHUB_API_URL names the server",
            )
        )


def lines_of_patch(patch: str) -> frozenset[int]:
    """The line numbers on the new side that a unified diff shows (added and context lines): what a
    review comment may stand on."""
    lines: set[int] = set()
    at = 0
    for line in patch.splitlines():
        header = re.match(r"@@ -\d+(?:,\d+)? \+(\d+)", line)
        if header:
            at = int(header[1])
        elif line.startswith(("+", " ")):
            lines.add(at)
            at += 1
    return frozenset(lines)


def _check_annotation(item: Annotation) -> dict[str, str | int]:
    start = item.line or 1
    end = max(item.end_line, start)
    shown: dict[str, str | int] = {
        "path": item.path,
        "start_line": start,
        "end_line": end,
        "annotation_level": LEVELS[item.level],
        "message": item.message[:60_000],
    }
    if item.title:
        shown["title"] = item.title[:255]
    if start == end and item.column and item.end_column > item.column:
        shown |= {"start_column": item.column, "end_column": item.end_column - 1}
    return shown


def _said(error: github.GithubException) -> str:
    data = error.data if isinstance(error.data, dict) else {}
    return str(data.get("message", ""))[:200]
