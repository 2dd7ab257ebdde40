"""Fixtures for real parts: an engine, base images, registries. Made when a test asks, ended after all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import pytest

from testbed import images
from testbed import registry as registries
from testbed.engine import SecondEngine, ensure_engine, second_engine
from testbed.registry import Auth, Registry


class StartRegistry(Protocol):
    def __call__(self, auth: Auth = "open", *, expires_in_s: int = 300) -> Registry: ...


@pytest.fixture(scope="session")
def engine_socket() -> Iterator[str]:
    """The unix socket of a real engine."""
    engine = ensure_engine()
    yield engine.socket
    engine.close()


@pytest.fixture
def engine_two() -> Iterator[SecondEngine]:
    """An engine of the test's own, to be killed: `.socket`, `.kill()`, `.start()`, `.stop()`."""
    with second_engine() as engine:
        yield engine


@pytest.fixture(scope="session")
def busybox(engine_socket: str) -> str:
    return images.ensure_busybox(engine_socket)


@pytest.fixture(scope="session")
def alpine(engine_socket: str) -> str:
    """`alpine:latest` (also `alpine:3.19`): busybox with a stub apk."""
    return images.ensure_alpine(engine_socket)


@pytest.fixture(scope="session")
def debian(engine_socket: str) -> str:
    """`debian:bookworm` (also `bookworm-slim`, `12`), with a working apt."""
    return images.ensure_debian(engine_socket)


@pytest.fixture(scope="session")
def docker_builder(engine_socket: str) -> str:
    """`gcr.io/cloud-builders/docker`."""
    images.ensure_docker_builder(engine_socket)
    return images.DOCKER_BUILDER.removesuffix(":latest")


@pytest.fixture(scope="session")
def gcloud_builder(engine_socket: str) -> str:
    images.ensure_gcloud_builder(engine_socket)
    return images.GCLOUD_BUILDER.removesuffix(":latest")


@pytest.fixture(scope="session")
def git_builder(engine_socket: str) -> str:
    images.ensure_git_builder(engine_socket)
    return images.GIT_BUILDER.removesuffix(":latest")


@pytest.fixture(scope="session")
def toolchain(engine_socket: str) -> Callable[[str], str]:
    """`toolchain("gcc")`: the name of a Debian image with it; the names are in testbed.images."""
    return lambda name: images.ensure_toolchain(engine_socket, name)


@pytest.fixture
def registry() -> Iterator[StartRegistry]:
    """`registry(auth="open"|"htpasswd"|"token")`: a running registry of the test's own."""
    started: list[Registry] = []

    def start(auth: Auth = "open", *, expires_in_s: int = 300) -> Registry:
        started.append(registries.start(auth, expires_in_s=expires_in_s))
        return started[-1]

    yield start
    for each in started:
        each.stop()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the expectations; review the diff")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A skipped test is a failure: the test bed has every part, or says what is missing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line("skipped tests count as failed", red=True)
