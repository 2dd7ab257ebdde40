"""container-structure-test files as gates, field by field, on a real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ctr_ci.engine import ContainerSpec, Engine, connect
from ctr_ci.problem import InputError
from testbed.broker import direct
from testbed.judged import built, said

DOCKERFILE = """\
FROM {busybox}
RUN mkdir /app && echo content >/app/file && chmod 640 /app/file && chown 7:8 /app/file \\
 && printf '#!/bin/sh\\necho out; echo err >&2; exit ${{1:-0}}\\n' >/app/run && chmod 755 /app/run \\
 && cp /app/run /app/mine && chmod 700 /app/mine && cp /app/run /app/ours && chmod 010 /app/ours \\
 && cp /app/run /app/suid && chmod 4755 /app/suid && mkdir -m 1777 /app/open \\
 && head -c 17000000 /dev/zero | tr '\\0' x >/app/large && echo SECRET >>/app/large \\
 && ln -s file /app/link && ln -s /app/nowhere /app/broken && ln -s loop /app/loop \\
 && mkdir -p /usr/share/doc/tool /usr/share/doc/libgnutls30 && echo 'MIT' >/usr/share/doc/tool/copyright \\
 && echo 'the agpl, version 3' >/usr/share/doc/libgnutls30/copyright && echo 'WTFPL' >/app/odd
ENV GREETING=hello PLACE=/app
LABEL team=core built="2024-01-31"
EXPOSE 8080 53/udp
VOLUME /data
WORKDIR /app
USER 1000
ENTRYPOINT ["/app/run"]
CMD ["3"]
"""


@pytest.fixture(scope="module")
def engine(engine_socket: str) -> Iterator[Engine]:
    made = connect(f"unix://{engine_socket}", {})
    yield made
    made.close()


@pytest.fixture(scope="module")
def image_id(engine_socket: str, busybox: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("context")
    with built(engine_socket, DOCKERFILE.format(busybox=busybox), folder, "ctr-ci-structure") as made:
        yield made


# What one entry of the list adds to `- name: t`; and what is said where it fails.
COMMAND = {
    "args are words": ("command: printf, args: ['%s|', a b, c], expectedOutput: ['^a b\\|c\\|$']", ""),
    "the entrypoint of the image is not run": ("command: echo, args: [x], expectedOutput: ['^x\\n$']", ""),
    "exitCode": ("command: /app/run, args: ['2'], exitCode: 2", ""),
    "exitCode is 0 unless said": ("command: /app/run, args: ['2']", "t: exit 2, not 0: err"),
    "expectedOutput is of the whole text": (
        "command: /app/run, expectedOutput: [^out$]",
        "t: stdout has no '^out$'",
    ),
    "expectedOutput of lines": ("command: /app/run, expectedOutput: ['(?m)^out$', o.t]", ""),
    "every expectedOutput counts": (
        "command: /app/run, expectedOutput: [out, other]",
        "t: stdout has no 'other'",
    ),
    "excludedOutput": ("command: /app/run, excludedOutput: [none, o.t]", "t: stdout has 'o.t'"),
    "excludedOutput that is not there": ("command: /app/run, excludedOutput: [err]", ""),
    "expectedError": ("command: /app/run, expectedError: [err]", ""),
    "expectedError that is not there": ("command: /app/run, expectedError: [out]", "t: stderr has no 'out'"),
    "excludedError": ("command: /app/run, excludedError: [e.r]", "t: stderr has 'e.r'"),
    "envVars": ("command: env, envVars: [{key: A, value: b}], expectedOutput: ['(?m)^A=b$']", ""),
    "the test's own envVars are no part of its words": (
        "command: echo, args: ['[$A]'], envVars: [{key: A, value: b}], expectedOutput: ['^\\[\\]']",
        "",
    ),
    "the image's variables are put into the words": (
        "command: $PLACE/run, args: ['${NONE}0'], expectedOutput: [out]",
        "",
    ),
    "envVars are made of the image's": (
        "command: env, envVars: [{key: GREETING, value: '$GREETING, you'}],"
        " expectedOutput: ['(?m)^GREETING=hello, you$']",
        "",
    ),
    "setup leaves what it did": (
        "setup: [[touch, /tmp/one], [cp, /tmp/one, /tmp/two]], command: ls, args: [/tmp],"
        " expectedOutput: [one\\ntwo]",
        "",
    ),
    "setup may fail, the test says": ("setup: [['false']], command: 'true'", ""),
    "setup that is no program": (
        "setup: [[/no/such]], command: 'true'",
        "t: its set-up `/no/such` did not start",
    ),
    "teardown is read": ("command: 'true', teardown: [[rm, -rf, /]]", ""),
    "much output, whose end could hold anything": (
        "command: sh, args: [-c, 'head -c 2000000 /app/large; echo SECRET'], excludedOutput: [SECRET]",
        "t: stdout has more than the 1 MiB that a test can look at",
    ),
    "a pattern that is looked for for ever": (
        "command: sh, args: [-c, 'head -c 60 /app/large; echo !'], expectedOutput: ['^(\\w+\\s?)+$']",
        "was not looked for to the end within 5 s",
    ),
    "a command that is no program": ("command: /no/such", "t: did not start"),
}


@pytest.mark.parametrize(("fields", "because"), COMMAND.values(), ids=list(COMMAND))
def test_a_command_test_holds_its_fields(
    engine: Engine, image_id: str, tmp_path: Path, fields: str, because: str
) -> None:
    found = structure(engine, image_id, f"commandTests: [{{name: t, {fields}}}]", tmp_path)
    assert because in found
    assert bool(because) is bool(found)


FILES = {
    "it is there unless said otherwise": ("path: /app/none", "t: /app/none is missing"),
    "shouldExist": ("path: /app/none, shouldExist: false", ""),
    "shouldExist, and it does": ("path: /app/file, shouldExist: false", "t: /app/file is there"),
    "permissions": ("path: /app/file, permissions: -rw-r-----", ""),
    "other permissions": (
        "path: /app/file, permissions: -rw-r--r--",
        "t: /app/file has permissions -rw-r-----, not -rw-r--r--",
    ),
    "permissions of a folder": ("path: /app, permissions: drwxr-xr-x", ""),
    "permissions of the root": ("path: /, permissions: drwxr-xr-x", ""),
    "permissions of a link": ("path: /app/link, permissions: Lrwxrwxrwx", ""),
    "a sticky folder as ls writes it": ("path: /app/open, permissions: drwxrwxrwt", ""),
    "a sticky folder as Go writes it": ("path: /app/open, permissions: dtrwxrwxrwx", ""),
    "set-user-id as Go writes it": ("path: /app/suid, permissions: urwxr-xr-x", ""),
    "uid and gid": ("path: /app/file, uid: 7, gid: 8", ""),
    "another uid": ("path: /app/file, uid: 0", "t: /app/file has uid 7, not 0"),
    "another gid": ("path: /app/file, gid: 0", "t: /app/file has gid 8, not 0"),
    "isExecutableBy owner": ("path: /app/mine, isExecutableBy: owner", ""),
    "isExecutableBy group": ("path: /app/ours, isExecutableBy: group", ""),
    "isExecutableBy other": ("path: /app/run, isExecutableBy: other", ""),
    "isExecutableBy any": ("path: /app/ours, isExecutableBy: any", ""),
    "not executable by other": (
        "path: /app/mine, isExecutableBy: other",
        "t: /app/mine is not executable by other: -rwx------",
    ),
    "a variable of the image in the path": ("path: $PLACE/file", ""),
}


@pytest.mark.parametrize(("fields", "because"), FILES.values(), ids=list(FILES))
def test_a_file_test_holds_its_fields(
    engine: Engine, image_id: str, tmp_path: Path, fields: str, because: str
) -> None:
    assert structure(engine, image_id, f"fileExistenceTests: [{{name: t, {fields}}}]", tmp_path) == because


CONTENTS = {
    "expectedContents": ("path: /app/file, expectedContents: ['^content\\n$', tent]", ""),
    "expectedContents is of the whole text": (
        "path: /app/file, expectedContents: [^content$]",
        "t: /app/file has no '^content$'",
    ),
    "excludedContents": ("path: /app/file, excludedContents: [none, tent]", "t: /app/file has 'tent'"),
    "a link is followed": ("path: /app/link, expectedContents: [content]", ""),
    "a link to nothing": ("path: /app/broken", "t: /app/broken leads to /app/nowhere, which is missing"),
    "a link to itself": ("path: /app/loop", "t: /app/loop leads round in a circle"),
    "a folder": ("path: /app", "t: /app is no file"),
    "a file that is not there": ("path: /none, expectedContents: [x]", "t: /none is missing"),
    "a large file, whose end could hold anything": (
        "path: /app/large, excludedContents: [SECRET]",
        "t: /app/large has more than the 16 MiB that a test can look at",
    ),
}


@pytest.mark.parametrize(("fields", "because"), CONTENTS.values(), ids=list(CONTENTS))
def test_a_content_test_holds_its_fields(
    engine: Engine, image_id: str, tmp_path: Path, fields: str, because: str
) -> None:
    assert structure(engine, image_id, f"fileContentTests: [{{name: t, {fields}}}]", tmp_path) == because


METADATA = {
    "envVars": ("envVars: [{key: GREETING, value: hello}]", ""),
    "env, as older files write it": (
        "env: [{key: GREETING, value: hi}]",
        "ENV GREETING is 'hello', not 'hi'",
    ),
    "envVars by pattern": ("envVars: [{key: GREETING, value: ^hel+o$, isRegex: true}]", ""),
    "a value is no pattern unless said": (
        "envVars: [{key: GREETING, value: hel+o}]",
        "ENV GREETING is 'hello', not 'hel+o'",
    ),
    "envVars that are not set": ("envVars: [{key: NONE, value: x}]", "ENV NONE is not set"),
    "unboundEnvVars": ("unboundEnvVars: [{key: NONE}, {key: GREETING}]", "ENV GREETING is set"),
    "labels": ("labels: [{key: team, value: core}]", ""),
    "labels by pattern": ("labels: [{key: built, value: '^\\d{4}-\\d{2}-\\d{2}$', isRegex: true}]", ""),
    "another label": ("labels: [{key: team, value: cor}]", "label team is 'core', not 'cor'"),
    "exposedPorts": ("exposedPorts: ['8080', '53']", ""),
    "exposedPorts that are not": ("exposedPorts: ['81']", "port 81 is not exposed"),
    "unexposedPorts": ("unexposedPorts: ['80', '8080']", "port 8080 is exposed"),
    "volumes": ("volumes: [/data]", ""),
    "volumes that are none": ("volumes: [/x]", "/x is no volume"),
    "unmountedVolumes": ("unmountedVolumes: [/x, /data]", "/data is a volume"),
    "entrypoint and cmd": ("entrypoint: [/app/run], cmd: ['3']", ""),
    "no entrypoint": ("entrypoint: []", "ENTRYPOINT is ['/app/run'], not []"),
    "another cmd": ("cmd: ['3', '4']", "CMD is ['3'], not ['3', '4']"),
    "workdir": ("workdir: /srv", "WORKDIR is '/app', not '/srv'"),
    "user": ("user: root", "USER is '1000', not 'root'"),
    "workdir and user": ("workdir: /app, user: '1000'", ""),
}


@pytest.mark.parametrize(("fields", "because"), METADATA.values(), ids=list(METADATA))
def test_the_metadata_test_holds_its_fields(
    engine: Engine, image_id: str, tmp_path: Path, fields: str, because: str
) -> None:
    found = structure(engine, image_id, f"metadataTest: {{{fields}}}", tmp_path)
    assert found == (because and f"metadata: {because}")


LICENSES = {
    "debian's copyright files, one package excused": ("debian: true", ""),
    "files": ("debian: true, files: [/app/odd]", "license: /app/odd speaks of WTFPL"),
    "files without debian's": ("debian: false, files: [/app/file]", ""),
    "a file that is not there": ("debian: false, files: [/none]", "license: /none is missing"),
}


@pytest.mark.parametrize(("fields", "because"), LICENSES.values(), ids=list(LICENSES))
def test_a_license_test_holds_its_fields(
    engine: Engine, image_id: str, tmp_path: Path, fields: str, because: str
) -> None:
    assert structure(engine, image_id, f"licenseTests: [{{{fields}}}]", tmp_path) == because


def test_a_package_without_its_copyright_file_is_told(
    engine: Engine, engine_socket: str, image_id: str, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {image_id}\nUSER 0\nRUN mkdir /usr/share/doc/bare\n")
    made = direct(engine_socket, "build", "-q", str(tmp_path)).out.strip()
    try:
        found = structure(engine, made, "licenseTests: [{debian: true}]", tmp_path)
    finally:
        direct(engine_socket, "rmi", made)
    assert found == "license: /usr/share/doc/bare/copyright is missing"


def test_global_variables_are_made_of_the_images_and_put_into_words_and_paths(
    engine: Engine, image_id: str, tmp_path: Path
) -> None:
    tests = """
globalEnvVars:
- {key: HERE, value: $PLACE/file}
- {key: PATH, value: '/app:$PATH'}
commandTests:
- {name: a word, command: cat, args: [$HERE], exitCode: 1}
- {name: a variable, command: run, expectedOutput: [out]}
- name: setup
  setup: [[sh, -c, 'run >/tmp/kept']]
  command: cat
  args: [/tmp/kept]
  expectedOutput: [out]
fileExistenceTests:
- {name: a path, path: $HERE, uid: 7}
"""
    assert structure(engine, image_id, tests, tmp_path) == ""


OPTIONS = {
    "user": (
        "{user: '9:10'}\ncommandTests: [{name: t, command: id, expectedOutput: [uid=9, gid=10]}]",
        "",
        "",
    ),
    "the image's user unless said": (
        "{}\ncommandTests: [{name: t, command: id, expectedOutput: [uid=1000]}]",
        "",
        "",
    ),
    "allocateTty": ("{allocateTty: true}\ncommandTests: [{name: t, command: test, args: [-t, '1']}]", "", ""),
    "no terminal unless said": (
        "{}\ncommandTests: [{name: t, command: test, args: [-t, '1'], exitCode: 1}]",
        "",
        "",
    ),
    "a capability that containers have": ("{capabilities: [NET_BIND_SERVICE]}", "", ""),
    "a capability that they have not": (
        "{capabilities: [SYS_ADMIN], user: root}\n"
        "commandTests: [{name: t, command: grep, args: [CapBnd, /proc/self/status],"
        " expectedOutput: [CapBnd:.*a82425fb]}]",
        "capabilities",
        "",
    ),
    "envVars": (
        "{envVars: [TOKEN, UNSET]}\n"
        "commandTests:"
        " [{name: t, command: env, expectedOutput: [TOKEN=s3cret-value], excludedOutput: [UNSET]}]",
        "environment",
        "",
    ),
    "what a secret was is not told": (
        "{envVars: [TOKEN]}\ncommandTests: [{name: t, command: sh, args: [-c, 'env | grep TOKEN; exit 3']}]",
        "environment",
        "t: exit 3, not 0: TOKEN=***",
    ),
    "envFile": (
        "{envFile: my.env}\ncommandTests: [{name: t, command: env, expectedOutput: ['(?m)^A=x y$', B=2]}]",
        "",
        "",
    ),
    "bindMounts of the source, to read": (
        "{bindMounts: ['/workspace/data:/mnt'], user: root}\n"
        "commandTests: [{name: t, command: sh, args: [-c, 'cat /mnt/x; ! touch /mnt/y'],"
        " expectedOutput: [data-x]}]",
        "",
        "",
    ),
    "bindMounts of the host": (
        "{bindMounts: ['/usr/share:/mnt:ro']}\ncommandTests: [{name: t, command: ls, args: [/mnt],"
        " expectedOutput: [.]}]",
        "host-path",
        "",
    ),
}


@pytest.mark.parametrize(("options", "allow", "because"), OPTIONS.values(), ids=list(OPTIONS))
def test_container_run_options_hold(
    engine: Engine, image_id: str, tmp_path: Path, options: str, allow: str, because: str
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/x").write_text("data-x\n")
    (tmp_path / "my.env").write_text("# some\nA='x y'\nexport B=2 # two\n")
    found = structure(
        engine, image_id, f"containerRunOptions: {options}", tmp_path, allow, {"TOKEN": "s3cret-value"}
    )
    assert found == because


def test_a_privileged_container_is_had_where_the_policy_allows_it(
    engine: Engine, image_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[ContainerSpec] = []
    create = type(engine).create

    def seen(self: Engine, spec: ContainerSpec) -> str:  # not every engine of a test can start one
        made.append(spec)
        return create(self, spec)

    monkeypatch.setattr(type(engine), "create", seen)
    tests = "containerRunOptions: {privileged: true}\nfileExistenceTests: [{name: t, path: /app}]"
    assert structure(engine, image_id, tests, tmp_path, "privileged") == ""
    assert [(spec.privileged, spec.no_new_privileges) for spec in made] == [(True, False)]
    assert structure(engine, image_id, tests.partition("\n")[2], tmp_path) == ""
    assert [(spec.privileged, spec.no_new_privileges) for spec in made[1:]] == [(False, True)]


NOT_ALLOWED = {
    "{privileged: true}": ("a privileged container", "privileged"),
    "{capabilities: [CAP_SYS_ADMIN]}": ("the capability SYS_ADMIN", "capabilities"),
    "{envVars: [TOKEN]}": ("TOKEN of the environment", "environment"),
    "{envFile: ../other.env}": ("the file ../other.env, outside the source,", "host-path"),
    "{bindMounts: ['/etc:/mnt']}": ("the host's /etc", "host-path"),
    "{bindMounts: ['/workspace/../etc:/mnt']}": ("the host's /workspace/../etc", "host-path"),
}


@pytest.mark.parametrize(("options", "told"), NOT_ALLOWED.items(), ids=list(NOT_ALLOWED))
def test_a_file_cannot_give_itself_what_the_policy_does_not(
    engine: Engine, image_id: str, tmp_path: Path, options: str, told: tuple[str, str]
) -> None:
    (tmp_path.parent / "other.env").write_text("A=b\n")
    with pytest.raises(InputError) as caught:
        structure(engine, image_id, f"containerRunOptions: {options}", tmp_path)
    what, rule = told
    assert caught.value.problems[0].found == f"{what} is closed to gates"
    assert f"`allow: [{rule}]` beside `structure-test:`" in caught.value.problems[0].help


def test_a_set_up_leaves_no_image_behind(
    engine: Engine, engine_socket: str, image_id: str, tmp_path: Path
) -> None:
    tests = "commandTests: [{name: t, setup: [[touch, /tmp/a], [touch, /tmp/b]], command: 'false'}]"
    before = direct(engine_socket, "images", "-aq", "--filter", f"since={image_id}").out
    assert structure(engine, image_id, tests, tmp_path) == "t: exit 1, not 0"
    assert direct(engine_socket, "images", "-aq", "--filter", f"since={image_id}").out == before


MISTAKES = {
    "schemaVersion: 1.0.0": "not a structure test of schema 2.0.0",
    "schemaVersion: 2.0.0\ncommandTest: []": "unknown key 'commandTest' in the file",
    "schemaVersion: 2.0.0\nlicenseTests: [{debain: true}]": "did you mean debian?",
    "schemaVersion: 2.0.0\nfileContentTests: [{name: x, path: rel}]": "'rel' is no absolute path",
    "schemaVersion: 2.0.0\ncommandTests: [{name: x}]": "a command test without a command",
    "schemaVersion: 2.0.0\ncommandTests: [{command: x}]": "a test without a name",
    "schemaVersion: 2.0.0\ncommandTests: [{name: x, command: x, setup: [[]]}]": (
        "a command is no list of words"
    ),
    "schemaVersion: 2.0.0\ncommandTests: [{name: x, command: x, expectedOutput: ['a(?=b)']}]": (
        "'a(?=b)' is no pattern"
    ),
    "schemaVersion: 2.0.0\nfileExistenceTests: [{name: x, path: /x, isExecutableBy: me}]": "'me' is nobody",
}


@pytest.mark.parametrize(("text", "found"), MISTAKES.items(), ids=list(MISTAKES.values()))
def test_a_file_that_cannot_be_honoured_is_refused(
    engine: Engine, image_id: str, tmp_path: Path, text: str, found: str
) -> None:
    (tmp_path / "s.yaml").write_text(text + "\n")
    with pytest.raises(InputError) as caught:
        said(engine, image_id, "{name: g, structure-test: s.yaml}", tmp_path)
    assert found in caught.value.problems[0].render()
    assert caught.value.problems[0].render().startswith("s.yaml:")


def test_a_file_that_is_not_there_is_told(engine: Engine, image_id: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read the structure test no\.yaml"):
        said(engine, image_id, "{name: g, structure-test: no.yaml}", tmp_path)


def structure(
    engine: Engine,
    image_id: str,
    tests: str,
    folder: Path,
    allow: str = "",
    environment: dict[str, str] | None = None,
) -> str:
    """What the gate says of these tests, "" where they pass."""
    (folder / "s.yaml").write_text(f"schemaVersion: 2.0.0\n{tests}\n")
    gate = f"{{name: g, structure-test: s.yaml, allow: [{allow}]}}"
    return said(engine, image_id, gate, folder, environment or {})
