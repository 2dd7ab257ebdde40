"""Where the engine is, from arguments, environment and docker contexts."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from ctr_ci.engine import connect
from ctr_ci.engine.address import Address, locate
from ctr_ci.problem import InputError, WorldError


def test_an_argument_goes_before_the_environment_and_that_before_the_default() -> None:
    environment = {"DOCKER_HOST": "tcp://h:1"}
    assert locate("unix:///x", environment).socket == "/x"
    assert locate("/x", environment).socket == "/x"
    assert locate(None, environment) == Address("tcp://h:1")
    assert locate(None, {}).socket == "/var/run/docker.sock"


def test_tls_is_taken_from_the_environment() -> None:
    environment = {"DOCKER_HOST": "tcp://h:1", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/c"}
    assert locate(None, environment) == Address("tcp://h:1", "/c")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / ".docker" / "contexts" / "meta" / sha256(b"far").hexdigest()
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(json.dumps({"Endpoints": {"docker": {"Host": "ssh://far"}}}))
    (tmp_path / ".docker" / "config.json").write_text(json.dumps({"currentContext": "far", "auths": {}}))
    return tmp_path


def test_the_current_context_is_followed(home: Path) -> None:
    assert locate(None, {"HOME": str(home)}).url == "ssh://far"
    assert locate(None, {"HOME": str(home), "DOCKER_HOST": "tcp://h:1"}).url == "tcp://h:1"
    assert locate(None, {"HOME": str(home), "DOCKER_CONTEXT": "default"}).socket


def test_a_context_that_is_not_there_is_an_input_error(home: Path) -> None:
    with pytest.raises(InputError, match="docker context 'gone'"):
        locate(None, {"HOME": str(home), "DOCKER_CONTEXT": "gone"})


def test_an_unknown_scheme_is_an_input_error() -> None:
    with pytest.raises(InputError, match="engine address"):
        locate("ftp://h", {})


@pytest.mark.parametrize("url", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1"])
def test_an_engine_that_is_not_there_is_told_with_a_way_out(url: str) -> None:
    with pytest.raises(WorldError) as caught:
        connect(url)
    text = str(caught.value)
    assert f"no container engine at {url}: nothing listens there" in text
    assert "help: start Docker" in text
