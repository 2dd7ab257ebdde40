"""GitHub's API through the real client, against a scripted server on loopback: batches, limits, forks."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ctr_ci.github import Annotation, Hub, Outcome, Suggestion, connect
from ctr_ci.problem import WorldError
from ctr_ci.secret import Secret
from testbed.hub import Server

CANARY = "ghs_canary0000000000000000000000000000"
PATCH = "@@ -1,3 +1,4 @@\n FROM debian:12\n+RUN a\n RUN b\n RUN c\n"
FORBIDDEN = {"message": "Resource not accessible by integration"}


REPO = "/repos/team/app"


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    made.on("GET", REPO, (200, {"url": made.url + REPO, "full_name": "team/app"}))
    commit = {"sha": "abc", "url": f"{made.url}{REPO}/commits/abc"}
    made.on("GET", f"{REPO}/commits/abc", (200, commit))
    made.on("GET", f"{REPO}/pulls/7", (200, {"number": 7, "url": f"{made.url}{REPO}/pulls/7"}))
    made.on("GET", f"{REPO}/pulls/7/files", (200, [{"filename": "Dockerfile", "patch": PATCH}]))
    made.on("GET", f"{REPO}/issues/7", (200, {"number": 7, "url": f"{made.url}{REPO}/issues/7"}))
    yield made
    made.close()


@pytest.fixture
def hub(server: Server) -> Hub:
    return connect(Secret(CANARY, "token"), "team/app", server.url)


def check_run(server: Server) -> dict[str, Any]:
    return {"id": 5, "url": f"{server.url}{REPO}/check-runs/5", "html_url": "https://x/5", "external_id": "x"}


def own_comment(server: Server) -> dict[str, Any]:
    author = {"login": "github-actions[bot]", "type": "Bot"}
    return {
        "id": 9,
        "url": f"{server.url}{REPO}/issues/comments/9",
        "html_url": "https://x/9",
        "user": author,
    }


def test_annotations_of_a_check_run_go_in_batches_of_fifty(server: Server, hub: Hub) -> None:
    server.on("GET", f"{REPO}/commits/abc/check-runs", (200, {"total_count": 0, "check_runs": []}))
    server.on("POST", f"{REPO}/check-runs", (201, check_run(server)))
    server.on("PATCH", f"{REPO}/check-runs/5", (200, check_run(server)))
    items = [Annotation("warning", f"m{n}", "Dockerfile", n, 2, n, 6) for n in range(1, 121)]
    outcome = hub.check_run("ctr-ci", "abc", False, "120 findings", "text", items)
    assert outcome.done
    sent = server.bodies("POST", f"{REPO}/check-runs") + server.bodies("PATCH", f"{REPO}/check-runs/5")
    assert [len(body["output"]["annotations"]) for body in sent] == [50, 50, 20]
    assert sent[0]["conclusion"] == "failure"
    first = sent[0]["output"]["annotations"][0]
    assert (first["start_line"], first["start_column"], first["end_column"]) == (1, 2, 5)


def test_a_second_try_does_not_make_a_second_check_run(server: Server, hub: Hub) -> None:
    own = check_run(server) | {"external_id": "ctr-ci/ctr-ci/abc", "output": {"annotations_count": 0}}
    server.on("GET", f"{REPO}/commits/abc/check-runs", (200, {"total_count": 1, "check_runs": [own]}))
    server.on("PATCH", f"{REPO}/check-runs/5", (200, own))
    assert hub.check_run("ctr-ci", "abc", True, "clean", "text", []).done
    assert server.bodies("POST", f"{REPO}/check-runs") == []
    assert server.bodies("PATCH", f"{REPO}/check-runs/5")[0]["conclusion"] == "success"


def test_the_comment_is_made_once_and_then_brought_up_to_date(server: Server, hub: Hub) -> None:
    comments = f"{REPO}/issues/7/comments"
    made = own_comment(server)
    server.on("GET", comments, (200, [{"id": 8, "body": "hello"}]))
    server.on("POST", comments, lambda body: (201, made | body))
    assert hub.comment(7, "lint", "2 findings").url == "https://x/9"
    server.on("GET", comments, (200, [made | {"body": "<!-- ctr-ci:lint -->\n2 findings"}]))
    server.on("PATCH", f"{REPO}/issues/comments/9", lambda body: (200, made | body))
    assert hub.comment(7, "lint", "2 findings").done
    assert server.bodies("PATCH", f"{REPO}/issues/comments/9") == []
    assert hub.comment(7, "lint", "clean").done
    assert server.bodies("PATCH", f"{REPO}/issues/comments/9") == [{"body": "<!-- ctr-ci:lint -->\nclean"}]
    assert len(server.bodies("POST", comments)) == 1


def test_a_comment_too_long_is_cut_below_the_limit(server: Server, hub: Hub) -> None:
    comments = f"{REPO}/issues/7/comments"
    server.on("GET", comments, (200, []))
    server.on("POST", comments, lambda body: (201, {"id": 1, "html_url": "u", **body}))
    assert hub.comment(7, "lint", "x" * 300_000).done
    assert len(server.bodies("POST", comments)[0]["body"]) < 61_000


def test_fixes_are_suggested_on_changed_lines_only(server: Server, hub: Hub) -> None:
    reviews = f"{REPO}/pulls/7/reviews"
    server.on("POST", reviews, (200, {"id": 3, "html_url": "https://x/3"}))
    outcome = hub.suggest(
        7,
        "abc",
        [
            Suggestion("Dockerfile", 2, 2, "RUN better ```` x", "use better"),
            Suggestion("Dockerfile", 40, 40, "RUN far", "not in the diff"),
            Suggestion("Other", 1, 1, "RUN other", "another file"),
        ],
    )
    assert outcome.done
    (body,) = server.bodies("POST", reviews)
    (comment,) = body["comments"]
    assert (comment["path"], comment["line"], body["event"]) == ("Dockerfile", 2, "COMMENT")
    assert "suggestion\nRUN better" in comment["body"]


def test_without_a_fix_in_the_diff_no_review_is_made(server: Server, hub: Hub) -> None:
    outcome = hub.suggest(7, "abc", [Suggestion("Dockerfile", 40, 41, "x", "y")])
    assert not outcome.done
    assert "changes" in outcome.because
    assert server.bodies("POST", f"{REPO}/pulls/7/reviews") == []


def test_sarif_travels_packed(server: Server, hub: Hub) -> None:
    server.on("POST", f"{REPO}/code-scanning/sarifs", (202, {"id": "1", "url": "https://x/sarif/1"}))
    assert hub.upload_sarif("abc", "refs/heads/main", '{"version": "2.1.0"}').url == "https://x/sarif/1"
    (body,) = server.bodies("POST", f"{REPO}/code-scanning/sarifs")
    assert gzip.decompress(base64.b64decode(body["sarif"])) == b'{"version": "2.1.0"}'
    assert (body["commit_sha"], body["ref"]) == ("abc", "refs/heads/main")


def test_a_status_and_a_deployment_carry_the_digest(server: Server, hub: Hub) -> None:
    server.on("POST", f"{REPO}/statuses/abc", (201, {"url": "https://x/s"}))
    made = {"id": 4, "url": f"{server.url}{REPO}/deployments/4"}
    server.on("POST", f"{REPO}/deployments", (201, made))
    server.on("POST", f"{REPO}/deployments/4/statuses", (201, {"id": 1, "url": "u"}))
    assert hub.status("abc", True, "ctr-ci/gate", "d" * 300).done
    assert len(server.bodies("POST", f"{REPO}/statuses/abc")[0]["description"]) == 140
    assert hub.deployment("abc", "registry", "sha256:1").done
    assert server.bodies("POST", f"{REPO}/deployments")[0]["payload"] == {"digest": "sha256:1"}
    assert server.bodies("POST", f"{REPO}/deployments/4/statuses")[0]["state"] == "success"


def test_the_read_only_token_of_a_fork_degrades_and_names_the_permission(server: Server, hub: Hub) -> None:
    server.on("GET", f"{REPO}/issues/7/comments", (200, []))
    server.on("POST", f"{REPO}/issues/7/comments", (403, FORBIDDEN))
    outcome = hub.comment(7, "lint", "text")
    assert not outcome.done
    assert "pull-requests: write" in outcome.because
    assert "forks" in outcome.because


def test_an_unprocessable_request_says_what_github_said(server: Server, hub: Hub) -> None:
    server.on("POST", f"{REPO}/statuses/abc", (422, {"message": "Validation Failed"}))
    assert "422 Validation Failed" in hub.status("abc", True, "c", "d").because


def test_a_used_up_rate_limit_does_not_fail_the_work(server: Server, hub: Hub) -> None:
    limited = {"message": "API rate limit exceeded for installation ID 1."}
    server.on("POST", f"{REPO}/statuses/abc", (429, limited))
    outcome = hub.status("abc", True, "c", "d")
    assert not outcome.done
    assert "rate limit" in outcome.because


def test_an_unreachable_server_is_a_world_error_without_the_token(server: Server) -> None:
    gone = Server()
    gone.close()
    with pytest.raises(WorldError) as caught:
        connect(Secret(CANARY), "team/app", gone.url).status("abc", True, "c", "d")
    assert CANARY not in str(caught.value)
    assert "GITHUB_API_URL" in str(caught.value)


def test_changed_lines_are_those_that_the_diff_shows(hub: Hub) -> None:
    assert hub.changed_lines(7) == {"Dockerfile": frozenset({1, 2, 3, 4})}


def test_a_check_run_that_was_made_though_the_answer_failed_is_finished(server: Server, hub: Hub) -> None:
    runs = f"{REPO}/commits/abc/check-runs"
    own = check_run(server) | {"external_id": "ctr-ci/ctr-ci/abc", "output": {"annotations_count": 50}}
    none = {"total_count": 0, "check_runs": []}
    server.in_turn("GET", runs, (200, none), (200, {"total_count": 1, "check_runs": [own]}))
    server.on("POST", f"{REPO}/check-runs", (502, {}))
    server.on("PATCH", f"{REPO}/check-runs/5", (200, own))
    items = [Annotation("error", "m", "Dockerfile", n) for n in range(1, 71)]
    assert hub.check_run("ctr-ci", "abc", False, "70 findings", "text", items).done
    assert len(server.bodies("POST", f"{REPO}/check-runs")) == 1
    sent = [body["output"].get("annotations") for body in server.bodies("PATCH", f"{REPO}/check-runs/5")]
    assert [len(batch) for batch in sent if batch] == [20]


def test_a_comment_that_was_made_though_the_answer_failed_is_not_made_again(server: Server, hub: Hub) -> None:
    comments = f"{REPO}/issues/7/comments"
    made = own_comment(server) | {"body": "<!-- ctr-ci:lint -->\nclean"}
    server.in_turn("GET", comments, (200, []), (200, [made]))
    server.on("POST", comments, (502, {}))
    assert hub.comment(7, "lint", "clean").url == "https://x/9"
    assert len(server.bodies("POST", comments)) == 1


@pytest.mark.parametrize("me", [(403, FORBIDDEN), (200, {"login": "github-actions[bot]"})])
def test_a_strangers_comment_under_our_mark_is_not_ours(
    server: Server, hub: Hub, me: tuple[int, Any]
) -> None:
    comments = f"{REPO}/issues/7/comments"
    theirs = own_comment(server) | {"body": "<!-- ctr-ci:lint -->\n0 findings"}
    server.on("GET", "/user", me)
    server.on("GET", comments, (200, [theirs | {"user": {"login": "stranger", "type": "User"}}]))
    server.on("POST", comments, lambda body: (201, own_comment(server) | body))
    assert hub.comment(7, "lint", "2 findings").done
    assert len(server.bodies("POST", comments)) == 1
    assert server.bodies("PATCH", f"{REPO}/issues/comments/9") == []


def test_what_only_reads_is_asked_again_when_a_server_fails(server: Server, hub: Hub) -> None:
    found = [{"filename": "Dockerfile", "patch": PATCH}]
    server.in_turn("GET", f"{REPO}/pulls/7/files", (503, {}), (200, found))
    assert hub.changed_lines(7) == {"Dockerfile": frozenset({1, 2, 3, 4})}


def test_a_server_that_keeps_failing_is_a_world_error(server: Server, hub: Hub) -> None:
    server.on("POST", f"{REPO}/statuses/abc", (500, {}))
    with pytest.raises(WorldError, match="500"):
        hub.status("abc", True, "c", "d")
    assert len(server.bodies("POST", f"{REPO}/statuses/abc")) == 3


def test_a_review_is_sent_once_whatever_the_answer(server: Server, hub: Hub) -> None:
    server.on("POST", f"{REPO}/pulls/7/reviews", (502, {}))
    with pytest.raises(WorldError):
        hub.suggest(7, "abc", [Suggestion("Dockerfile", 2, 2, "RUN better", "use better")])
    assert len(server.bodies("POST", f"{REPO}/pulls/7/reviews")) == 1


PRIMARY = {"message": "API rate limit exceeded for installation ID 1."}
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}


@pytest.mark.parametrize(("status", "message"), [(403, PRIMARY), (403, SECONDARY), (429, SECONDARY)])
def test_a_short_limit_is_waited_for(server: Server, hub: Hub, status: int, message: dict[str, str]) -> None:
    path = f"{REPO}/statuses/abc"
    server.in_turn("POST", path, (status, message, {"Retry-After": "0"}), (201, {"url": "https://x/s"}))
    assert hub.status("abc", True, "c", "d").url == "https://x/s"
    assert len(server.bodies("POST", path)) == 2


@pytest.mark.parametrize(
    ("status", "message", "headers"),
    [
        (403, PRIMARY, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999"}),
        (403, SECONDARY, {"Retry-After": "3600"}),
        (429, SECONDARY, {"Retry-After": "3600"}),
    ],
)
def test_a_long_limit_is_not_waited_for(
    server: Server, hub: Hub, status: int, message: dict[str, str], headers: dict[str, str]
) -> None:
    server.on("POST", f"{REPO}/statuses/abc", (status, message, headers))
    outcome = hub.status("abc", True, "c", "d")
    assert (outcome.done, "rate limit" in outcome.because) == (False, True)
    assert len(server.bodies("POST", f"{REPO}/statuses/abc")) == 1


def test_a_server_of_ones_own_is_asked_under_its_path() -> None:
    server = Server()
    base = f"{server.url}/api/v3"
    server.on("GET", f"/api/v3{REPO}", (200, {"url": base + REPO, "full_name": "team/app"}))
    commit = {"sha": "abc", "url": f"{base}{REPO}/commits/abc"}
    server.on("GET", f"/api/v3{REPO}/commits/abc", (200, commit))
    server.on("POST", f"/api/v3{REPO}/statuses/abc", (201, {"url": "u"}))
    server.on("POST", f"/api/v3{REPO}/code-scanning/sarifs", (202, {"id": "1", "url": "u"}))
    hub = connect(Secret(CANARY), "team/app", base)
    assert hub.status("abc", True, "c", "d").done
    assert hub.upload_sarif("abc", "refs/heads/main", "{}").done
    assert {path.startswith("/api/v3/") for _, path, _ in server.asked} == {True}
    server.close()


@pytest.mark.parametrize("what", ["status", "sarif", "check run", "review", "comment", "deployment"])
def test_a_forks_token_refuses_each_report_with_the_permission_it_takes(
    server: Server, hub: Hub, what: str
) -> None:
    server.on("GET", f"{REPO}/issues/7/comments", (200, []))
    server.on("GET", f"{REPO}/commits/abc/check-runs", (200, {"total_count": 0, "check_runs": []}))
    for path in ("statuses/abc", "check-runs", "pulls/7/reviews", "issues/7/comments", "deployments"):
        server.on("POST", f"{REPO}/{path}", (403, FORBIDDEN))
    server.on("POST", f"{REPO}/code-scanning/sarifs", (403, FORBIDDEN))
    says: dict[str, tuple[str, Callable[[], Outcome]]] = {
        "status": ("statuses", lambda: hub.status("abc", True, "c", "d")),
        "sarif": ("security-events", lambda: hub.upload_sarif("abc", "refs/heads/main", "{}")),
        "check run": ("checks", lambda: hub.check_run("c", "abc", True, "t", "s", [])),
        "review": (
            "pull-requests",
            lambda: hub.suggest(7, "abc", [Suggestion("Dockerfile", 2, 2, "x", "y")]),
        ),
        "comment": ("pull-requests", lambda: hub.comment(7, "lint", "text")),
        "deployment": ("deployments", lambda: hub.deployment("abc", "registry", "sha256:1")),
    }
    permission, say = says[what]
    outcome = say()
    assert not outcome.done
    assert f"`permissions: {permission}: write`" in outcome.because
