"""Gates that look into an image or run it, on a real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ctr_ci.engine import Engine, connect
from testbed.broker import direct
from testbed.judged import built, said

DOCKERFILE = """\
FROM {busybox}
RUN mkdir /app && echo content >/app/file && chmod 640 /app/file && chown 7:8 /app/file \\
 && printf '#!/bin/sh\\necho out; echo err >&2; exit ${{1:-0}}\\n' >/app/run && chmod 755 /app/run
ENV GREETING=hello
LABEL team=core
EXPOSE 8080
VOLUME /data
WORKDIR /app
USER 1000
HEALTHCHECK --interval=200ms --retries=2 CMD test -e /tmp/up
CMD ["/app/run"]
"""


@pytest.fixture(scope="module")
def engine(engine_socket: str) -> Iterator[Engine]:
    made = connect(f"unix://{engine_socket}", {})
    yield made
    made.close()


@pytest.fixture(scope="module")
def image_id(engine_socket: str, busybox: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("context")
    with built(engine_socket, DOCKERFILE.format(busybox=busybox), folder, "ctr-ci-gate") as made:
        yield made


@pytest.mark.parametrize(
    ("gate", "because"),
    [
        ("{name: g, max-size: 100MB}", ""),
        ("{name: g, max-size: 1kB}", "the image takes"),
        ("{name: g, max-build-bytes: 100MB}", ""),
        ("{name: g, max-waste: 0}", ""),
        ("{name: g, no-file: ['*.pem', .git/]}", ""),
        ("{name: g, no-file: ['*.pem', /app/]}", "no-file /app/: /app/run, /app/file"),
        ("{name: g, non-root: true}", ""),
        ("{name: g, labels: {team: core}}", ""),
        ("{name: g, labels: [owner]}", "label owner is missing"),
        ("{name: g, no-secrets: true}", ""),
        ("{name: g, lint: {fail-on: error}}", "no lint at error"),
        ("{name: g, command: [/app/run]}", ""),
        ("{name: g, command: [/app/run, '3'], expect: {exit: 3, stdout: ^out$, stderr: err}}", ""),
        ("{name: g, command: [/app/run, '3']}", "`/app/run 3` ended with exit 3, not 0: err"),
        ("{name: g, command: [/app/run], expect: {stdout: other}}", "printed no 'other' on stdout"),
        ("{name: g, command: 'echo $GREETING $(id -u)', expect: {stdout: ^hello 1000$}}", ""),
        ("{name: g, command: [sleep, '60'], within: 1s}", "did not end within 1 s"),
        ("{name: g, healthcheck: {within: 30s}}", "ended with exit 0 before it was healthy"),
    ],
)
def test_a_gate_says_what_is_so(engine: Engine, image_id: str, gate: str, because: str) -> None:
    found = said(engine, image_id, gate)
    assert because in found
    assert bool(because) is bool(found)


@pytest.mark.parametrize(
    ("command", "because"),
    [
        ("touch /tmp/up; sleep 60", ""),
        ("sleep 60", "it became unhealthy"),
        ("exit 4", "it ended with exit 4 before it was healthy"),
    ],
)
def test_an_image_is_started_and_asked_for_its_health(
    engine: Engine, image_id: str, engine_socket: str, tmp_path: Path, command: str, because: str
) -> None:
    (tmp_path / "Dockerfile").write_text(f'FROM {image_id}\nCMD ["sh", "-c", "{command}"]\n')
    made = direct(engine_socket, "build", "-q", str(tmp_path)).out.strip()
    try:
        assert said(engine, made, "{name: g, healthcheck: {within: 20s}}") == because
    finally:
        direct(engine_socket, "rmi", made)


def test_an_image_without_a_health_check_fails_such_a_gate(
    engine: Engine, engine_socket: str, busybox: str
) -> None:
    busybox_id = direct(engine_socket, "inspect", "-f", "{{.Id}}", busybox).out.strip()
    assert said(engine, busybox_id, "{name: g, healthcheck: {}}") == "it has no HEALTHCHECK"


def test_an_image_that_is_gone_fails(engine: Engine) -> None:
    gone = "sha256:" + "0" * 64
    assert said(engine, gone, "{name: g, non-root: true}") == "the image is no longer in the engine"
