"""Gates that look into an image or run it, on a real engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ctr_ci import document
from ctr_ci.document import Map
from ctr_ci.engine import BUILD_LABEL, OWNER_LABEL, Engine, connect
from ctr_ci.gate import Policy, Surroundings, judge, load
from ctr_ci.problem import InputError
from ctr_ci.record import ImageRecord, Record
from ctr_ci.source import Source
from testbed.broker import direct

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
    (folder / "Dockerfile").write_text(DOCKERFILE.format(busybox=busybox))
    name = f"ctr-ci-gate-{os.getpid()}"  # an unnamed parent goes with its last child
    done = direct(engine_socket, "build", "-q", "-t", name, str(folder))
    assert done.code == 0, done.err
    yield done.out.strip()
    direct(engine_socket, "rmi", name)


def record(image_id: str) -> Record:
    return Record(
        build_id="b",
        status="SUCCESS",
        started=0,
        finished=1,
        source=(),
        config_path="",
        config_digest="",
        substitutions=(),
        steps=(),
        images=(ImageRecord("app", image_id, ()),),
    )


def policy(text: str) -> Policy:
    node = document.load(Source("ctr-ci.yaml", text))
    assert isinstance(node, Map)
    return load(None, node.entries[0].value, None, "ctr-ci.yaml")


def said(engine: Engine, image_id: str, gate: str, folder: Path = Path()) -> str:
    labels = ((BUILD_LABEL, "gate-test"), (OWNER_LABEL, "test/0/0"))
    around = Surroundings(engine, labels, folder, lambda: 1.0, lambda level: f"no lint at {level}")
    (decided,) = judge(record(image_id), policy(f"gates:\n- {gate}\n"), around)
    assert decided.image_id == image_id
    assert decided.because
    owned = [each for each in engine.owned() if each.build_id == "gate-test"]
    assert owned == []
    return decided.because if decided.verdict == "failed" else ""


@pytest.mark.parametrize(
    ("gate", "because"),
    [
        ("{name: g, max-size: 100MB}", ""),
        ("{name: g, max-size: 1kB}", "the image takes"),
        ("{name: g, max-build-bytes: 100MB}", ""),
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


STRUCTURE = [
    ("commandTests: [{name: t, command: /app/run, expectedOutput: [out], excludedError: [fatal]}]", ""),
    ("commandTests: [{name: t, command: /app/run, args: ['2'], exitCode: 2}]", ""),
    ("commandTests: [{name: t, command: /app/run, args: ['2']}]", "t: exit 2, not 0: err"),
    ("commandTests: [{name: t, command: /app/run, expectedOutput: [nothing]}]", "t: stdout has no 'nothing'"),
    ("commandTests: [{name: t, command: /app/run, excludedError: [e.r]}]", "t: stderr has 'e.r'"),
    (
        "commandTests: [{name: t, setup: [[touch, /tmp/s]], command: ls, args: [/tmp/s],"
        " teardown: [[rm, /tmp/s]], expectedOutput: [/tmp/s]}]",
        "",
    ),
    (
        "commandTests: [{name: t, command: env, envVars: [{key: A, value: b}], expectedOutput: ['(?m)^A=b$']}]",
        "",
    ),
    ("commandTests: [{name: t, command: /app/run, expectedOutput: [^out$]}]", "t: stdout has no '^out$'"),
    (
        "globalEnvVars: [{key: A, value: g}]\ncommandTests: [{name: t, command: env, expectedOutput: [A=g]}]",
        "",
    ),
    ("containerRunOptions: {user: '9'}\ncommandTests: [{name: t, command: id, expectedOutput: [uid=9]}]", ""),
    ("fileExistenceTests: [{name: f, path: /app/file, permissions: -rw-r-----, uid: 7, gid: 8}]", ""),
    (
        "fileExistenceTests: [{name: f, path: /app/file, permissions: -rw-r--r--}]",
        "has permissions -rw-r-----",
    ),
    ("fileExistenceTests: [{name: f, path: /app/file, uid: 0}]", "f: /app/file has uid 7, not 0"),
    ("fileExistenceTests: [{name: f, path: /app, permissions: drwxr-xr-x}]", ""),
    ("fileExistenceTests: [{name: f, path: /app/run, isExecutableBy: other}]", ""),
    ("fileExistenceTests: [{name: f, path: /app/file, isExecutableBy: any}]", "is not executable by any"),
    ("fileExistenceTests: [{name: f, path: /app/none, shouldExist: false}]", ""),
    ("fileExistenceTests: [{name: f, path: /app/none}]", "f: /app/none is missing"),
    ("fileExistenceTests: [{name: f, path: /app/file, shouldExist: false}]", "f: /app/file is there"),
    ("fileContentTests: [{name: c, path: /app/file, expectedContents: ['^content\\n$']}]", ""),
    (
        "fileContentTests: [{name: c, path: /app/file, expectedContents: [other]}]",
        "c: /app/file has no 'other'",
    ),
    ("fileContentTests: [{name: c, path: /app/file, excludedContents: [tent]}]", "c: /app/file has 'tent'"),
    ("fileContentTests: [{name: c, path: /none, expectedContents: [x]}]", "c: /none is missing"),
    (
        "metadataTest: {env: [{key: GREETING, value: hel+o, isRegex: true}],"
        " labels: [{key: team, value: core}],"
        " exposedPorts: ['8080'], unexposedPorts: ['80'], volumes: [/data], unmountedVolumes: [/x],"
        " cmd: [/app/run], entrypoint: [], workdir: /app, user: '1000', unboundEnvVars: [{key: NONE}]}",
        "",
    ),
    ("metadataTest: {exposedPorts: ['81']}", "metadata: port 81 is not exposed"),
    ("metadataTest: {unmountedVolumes: [/data]}", "metadata: /data is a volume"),
    ("metadataTest: {user: root}", "metadata: USER is '1000', not 'root'"),
    ("metadataTest: {env: [{key: GREETING, value: hi}]}", "metadata: ENV GREETING is 'hello', not 'hi'"),
]


@pytest.mark.parametrize(("tests", "because"), STRUCTURE, ids=[str(i) for i in range(len(STRUCTURE))])
def test_structure_test_files_run_as_they_are(
    engine: Engine, image_id: str, tmp_path: Path, tests: str, because: str
) -> None:
    (tmp_path / "s.yaml").write_text(f"schemaVersion: 2.0.0\n{tests}\n")
    found = said(engine, image_id, "{name: g, structure-test: s.yaml}", tmp_path)
    assert because in found
    assert bool(because) is bool(found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("schemaVersion: 1.0.0\n", "not a structure test of schema 2.0.0"),
        ("schemaVersion: 2.0.0\ncommandTest: []\n", "unknown key 'commandTest' in the file"),
        ("schemaVersion: 2.0.0\nlicenseTests: [{debain: true}]\n", "did you mean debian?"),
        (
            "schemaVersion: 2.0.0\ncontainerRunOptions: {privileged: true}\n",
            "a privileged container is closed to gates; expected tests that do without\nhelp: `allow: [privileged]`",
        ),
        ("schemaVersion: 2.0.0\nfileContentTests: [{name: x, path: rel}]\n", "'rel' is no absolute path"),
        ("schemaVersion: 2.0.0\ncommandTests: [{name: x}]\n", "a command test without a command"),
    ],
)
def test_a_structure_test_that_cannot_be_honoured_is_refused(
    engine: Engine, image_id: str, tmp_path: Path, text: str, found: str
) -> None:
    (tmp_path / "s.yaml").write_text(text)
    with pytest.raises(InputError) as caught:
        said(engine, image_id, "{name: g, structure-test: s.yaml}", tmp_path)
    assert found in caught.value.problems[0].render()
    assert "s.yaml:" in caught.value.problems[0].render()


def test_a_structure_test_that_is_not_there_is_told(engine: Engine, image_id: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read the structure test no\.yaml"):
        said(engine, image_id, "{name: g, structure-test: no.yaml}", tmp_path)
