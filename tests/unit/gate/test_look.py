"""What the engine's facts and an image's own JSON say: user, labels, credentials."""

from __future__ import annotations

import json

import pytest

from ctr_ci.engine import Image
from ctr_ci.gate import look
from ctr_ci.gate.policy import Labels
from ctr_ci.value import replace

PLAIN = Image(
    id="sha256:" + "a" * 64,
    names=(),
    layers=(),
    size_bytes=1,
    user="",
    entrypoint=(),
    command=(),
    workdir="",
    env=(),
    labels=(),
    os="linux",
    architecture="amd64",
    created="",
)
TOKEN = "ghp_" + "a1B2" * 9


@pytest.mark.parametrize("user", ["", "root", "0", "0:0", "root:wheel"])
def test_root_is_told(user: str) -> None:
    assert "root" in look.non_root(replace(PLAIN, user=user))


@pytest.mark.parametrize("user", ["1000", "app", "nobody:nogroup"])
def test_another_user_passes(user: str) -> None:
    assert look.non_root(replace(PLAIN, user=user)) == ""


def test_labels_are_compared() -> None:
    image = replace(PLAIN, labels=(("team", "core"),))
    assert look.labels(image, Labels((("team", "core"), ("team", None)))) == ""
    assert look.labels(image, Labels((("owner", None),))) == "label owner is missing"
    assert look.labels(image, Labels((("team", "web"),))) == "label team is 'core', not 'web'"


@pytest.mark.parametrize(
    ("env", "labels", "history", "place"),
    [
        ((), (), "", ""),
        (("PATH=/bin", "TOKENS_PER_MINUTE=5", "PASSWORD=", "DB_PASSWORD=$FROM_OUTSIDE"), (), "", ""),
        (("DB_PASSWORD=hunter2",), (), "", "its environment holds a value for DB_PASSWORD"),
        (("API_KEY=1",), (), "", "its environment holds a value for API_KEY"),
        (("X=" + TOKEN,), (), "", "its environment holds a GitHub token"),
        (("URL=postgres://u:pw@db/x",), (), "", "its environment holds a password in a URL"),
        ((), (("l", "AKIA" + "A" * 16),), "", "label l holds an AWS access key"),
        ((), (), "RUN echo " + TOKEN, "history entry 2 of 2 holds a GitHub token"),
        ((), (), "|1 NPM_TOKEN=xyz /bin/sh -c npm ci", "history entry 2 of 2 holds a value for NPM_TOKEN"),
        ((), (), "|1 VERSION=1 /bin/sh -c make TOKEN=x", ""),
        ((), (), "COPY file:-----BEGIN RSA PRIVATE KEY-----", "history entry 2 of 2 holds a private key"),
    ],
)
def test_credentials_are_found_and_never_repeated(
    env: tuple[str, ...], labels: tuple[tuple[str, str], ...], history: str, place: str
) -> None:
    config = json.dumps({"history": [{"created": "now"}, {"created_by": history}]}).encode()
    told = look.no_secrets(replace(PLAIN, env=env, labels=labels), config)
    assert told == place
    for secret in ("hunter2", TOKEN, "xyz", "pw@"):
        assert secret not in told


def test_an_image_without_history_passes() -> None:
    assert look.no_secrets(PLAIN, b"{}") == ""
