"""Names of images that steps may not move."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctr_ci.broker import Scope
from ctr_ci.broker.body import Json
from ctr_ci.broker.build import is_guarded, is_pulled

SCOPE = Scope(
    "b1",
    "me",
    Path("/ws"),
    told=("org/app:2", "docker build -t ghcr.io/org/site:${SHA} ."),
    project="my-project",
)


@pytest.mark.parametrize(
    ("name", "pulled", "guarded"),
    [
        ("gcr.io/cloud-builders/docker:latest", False, True),
        ("docker.io/library/python:3.12", True, True),
        ("docker.io/library/app:latest", False, False),
        ("gcr.io/distroless/static:latest", True, True),
        ("gcr.io/distroless/static:latest", False, False),
        ("gcr.io/my-project/app:latest", True, False),
        ("us-docker.pkg.dev/my-project/repo/app:1", True, False),
        ("my-project/app:1", True, True),
        ("docker.io/org/app:1", True, False),
        ("ghcr.io/org/site:1", True, False),
        ("ghcr.io/org/other:1", True, True),
    ],
)
def test_a_name_that_others_build_from_is_guarded(name: str, pulled: bool, guarded: bool) -> None:
    assert is_guarded(name, pulled, SCOPE) is guarded


def test_without_a_project_no_name_is_the_projects() -> None:
    assert is_guarded("gcr.io/distroless/static:latest", True, Scope("b1", "me", Path("/ws")))


ID = "sha256:" + "a" * 64
DIGEST = "sha256:" + "b" * 64


@pytest.mark.parametrize(
    ("digests", "pulled"),
    [
        ([f"python@{DIGEST}"], True),
        ([f"busybox@{DIGEST}", f"docker.io/library/python@{DIGEST}"], True),
        ([f"busybox@{DIGEST}"], False),
        ([f"python@{ID}"], False),
        (["<none>@<none>"], False),
        ([], False),
        (None, False),
    ],
    ids=["pulled", "one of two", "tagged here", "containerd store", "no name", "none", "null"],
)
def test_a_digest_of_the_names_own_repository_says_that_it_was_pulled(digests: Json, pulled: bool) -> None:
    assert is_pulled("docker.io/library/python:3", ID, digests) is pulled
