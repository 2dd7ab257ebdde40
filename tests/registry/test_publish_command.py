"""`ctr-ci publish` as a user runs it: real engine, real registry, a record as evidence."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import StartRegistry
from ctr_ci import record as records
from testbed import api
from testbed.fault_proxy import Delay, FaultProxy
from testbed.pushing import ctr_ci, record_of, stored, tags
from testbed.saved import Saved

NAME = "gcr.io/p/app:1.0"


@pytest.fixture
def tested(tmp_path: Path, engine_socket: str, busybox: str) -> records.Record:
    """A record in the folder of a run whose step tested busybox's image."""
    image_id = api.image_id(engine_socket, busybox)
    assert image_id
    record = replace(record_of(image_id, NAME), source=(("kind", "folder"),))
    records.write(records.place(tmp_path, "b-1"), record)
    return record


def rewrite(folder: Path, record: records.Record) -> None:
    records.write(records.place(folder, record.build_id), record)


def test_what_was_tested_is_published_and_the_receipt_tells_it(
    registry: StartRegistry, tested: records.Record, tmp_path: Path
) -> None:
    host = registry().host
    done = ctr_ci(
        "publish",
        "--to",
        f"{host}/team/app",
        "--tag",
        "v1",
        "--tag",
        "v1.0",
        "--format",
        "json",
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    receipt = json.loads(done.stdout)
    assert receipt["image_id"] == tested.images[0].image_id
    assert receipt["repository"] == f"{host}/team/app"
    assert receipt["evidence"]["tested_by"]
    assert receipt["evidence"]["build_id"] == "b-1"
    assert [(tag["name"], tag["previous_digest"], tag["moved"]) for tag in receipt["tags"]] == [
        ("v1", None, True),
        ("v1.0", None, True),
    ]
    assert {blob["how"] for blob in receipt["blobs"]} == {"uploaded"}
    assert all(blob["uploaded"] is True for blob in receipt["blobs"])
    assert stored(host, "team/app", receipt["digest"])["config"]["digest"] == receipt["image_id"]  # type: ignore[index]
    kept = records.read(records.place(tmp_path, "b-1"))
    assert records.PushRecord(f"{host}/team/app:v1", receipt["digest"]) in kept.pushed


def test_the_images_own_name_says_where_to(
    registry: StartRegistry, tested: records.Record, tmp_path: Path
) -> None:
    host = registry().host
    name = f"{host}/own/name:7"
    image = replace(tested.images[0], name=name)
    rewrite(tmp_path, replace(tested, images=(image,)))
    done = ctr_ci("publish", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert tags(host, "own/name") == ["7"]
    assert f"published {name.rpartition(':')[0]}@sha256:" in done.stdout
    assert "7 (new)" in done.stdout


def test_a_pushed_image_can_be_pulled_by_its_digest_and_runs(
    registry: StartRegistry, tested: records.Record, tmp_path: Path, engine_socket: str
) -> None:
    host = registry().host
    done = ctr_ci("publish", "--to", f"{host}/team/app", "--format", "json", folder=tmp_path)
    reference = json.loads(done.stdout)["reference"]
    repository, _, digest = reference.partition("@")
    api.call(engine_socket, "POST", f"/images/create?fromImage={repository}&tag={digest}")
    try:
        assert api.image_id(engine_socket, reference) == tested.images[0].image_id
    finally:
        api.call(engine_socket, "DELETE", f"/images/{reference}")


def test_an_untested_image_is_refused_in_two_lines_and_nobody_is_asked(
    tested: records.Record, tmp_path: Path
) -> None:
    rewrite(
        tmp_path, replace(tested, steps=(replace(tested.steps[0], ran=(), image_id="sha256:" + "0" * 64),))
    )
    done = ctr_ci("publish", "--to", "127.0.0.1:9/team/app", "--credential", "env:ci:UNSET", folder=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"error: {NAME} (")
    assert "may not be pushed" in lines[0]
    assert lines[1].startswith("help: ")


def test_a_failed_build_publishes_nothing_and_names_the_step(tested: records.Record, tmp_path: Path) -> None:
    failed = replace(tested.steps[0], status="FAILURE", exit_code=3)
    rewrite(tmp_path, replace(tested, status="FAILURE", steps=(failed,), images=()))
    done = ctr_ci("publish", "--to", "127.0.0.1:9/team/app", folder=tmp_path)
    assert done.returncode == 1
    assert "step smoke of build b-1 ended in FAILURE with exit code 3" in done.stderr


def test_a_required_gate_that_is_missing_is_named(tested: records.Record, tmp_path: Path) -> None:
    done = ctr_ci("publish", "--to", "127.0.0.1:9/team/app", "--require", "weight", folder=tmp_path)
    assert done.returncode in (1, 2)
    assert "weight" in done.stderr


def test_an_image_that_no_run_has_tested_goes_only_with_unverified(
    registry: StartRegistry, busybox: str, tmp_path: Path, engine_socket: str
) -> None:
    host = registry().host
    without = ctr_ci("publish", "--image", busybox, "--to", f"{host}/x", folder=tmp_path)
    assert (without.returncode, tags(host, "x")) == (2, [])
    assert "--unverified" in without.stderr
    done = ctr_ci("publish", "--image", busybox, "--unverified", "--to", f"{host}/x", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "UNVERIFIED" in done.stdout


def test_the_tag_that_moved_is_told_with_where_from(
    registry: StartRegistry, tested: records.Record, alpine: str, tmp_path: Path
) -> None:
    to = f"{registry().host}/team/app"
    other = ctr_ci(
        "publish",
        "--image",
        alpine,
        "--unverified",
        "--to",
        to,
        "--tag",
        "v1",
        "--format",
        "json",
        folder=tmp_path,
    )
    before = json.loads(other.stdout)["digest"]
    done = ctr_ci("publish", "--to", to, "--tag", "v1", folder=tmp_path)
    assert f"v1 (moved from {before})" in done.stdout
    kept = ctr_ci(
        "publish",
        "--image",
        alpine,
        "--unverified",
        "--to",
        to,
        "--tag",
        "v1",
        "--immutable",
        folder=tmp_path,
    )
    assert kept.returncode == 1
    assert "may not move" in kept.stderr


def test_a_dry_run_proves_the_right_and_writes_nothing(
    registry: StartRegistry, tested: records.Record, tmp_path: Path
) -> None:
    started = registry("token")
    arguments = ("publish", "--to", f"{started.host}/team/app", "--dry-run", "--credential", "env:ci:WORD")
    done = ctr_ci(*arguments, folder=tmp_path, WORD=started.password)
    assert done.returncode == 0, done.stderr
    assert "may push (tried, nothing written)" in done.stdout
    assert started.scopes_asked == ["repository:team/app:pull,push"]
    assert not any((started.folder / "storage").rglob("link"))
    assert started.tokens
    started.tokens.grants = {"": frozenset({"pull"})}
    refused = ctr_ci(*arguments, folder=tmp_path, WORD=started.password)
    assert refused.returncode == 3
    assert "may not push to" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--to", "127.0.0.1:9/x"), 3, "registry 127.0.0.1:9 cannot be reached: connection refused"),
        (("--to", "h.example/X"), 2, "did you mean h.example/x?"),
        (("--to", "127.0.0.1:9/x", "--tag=-x"), 2, "tag '-x'"),
        (("--to", "127.0.0.1:9/x", "--tag", "a" * 129), 2, "a tag of 129 characters"),
        (("--to", "127.0.0.1:9/x", "--tag", "a/b"), 2, "tag 'a/b'"),
        (("--to", "127.0.0.1:9/x", "--tag", ""), 2, "tag ''"),
        (("--to", "127.0.0.1:9/x", "--credential", "magic"), 2, "credential source 'magic'"),
        (("--to", "127.0.0.1:9/x", "--credential", "env:ci:UNSET"), 2, "UNSET is not set"),
        (("--to", "127.0.0.1:9/x", "--credential", "file:none"), 2, "none: error: a credential file"),
        (("--to", "127.0.0.1:9/x", "--credential", "helper:none"), 2, "no program docker-credential-none"),
        (("--to", "127.0.0.1:9/x", "--credential", "docker-config"), 2, "no docker config"),
        (("--to", "127.0.0.1:9/x", "--credential", "github"), 2, "GITHUB_TOKEN is not set"),
        (("--to", "127.0.0.1:9/x", "--image", "other"), 2, "has no image other"),
        (("--to", "127.0.0.1:9/x", "--record", "none.json"), 2, "none.json: error: "),
    ],
)
def test_bad_input_gets_one_clear_message(
    tested: records.Record, tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    tag = () if any("--tag" in one for one in arguments) else ("--tag", "v1")
    done = ctr_ci("publish", *arguments, *tag, folder=tmp_path)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert done.stderr.count("error: ") == 1
    assert "Traceback" not in done.stderr


def test_a_wrong_password_is_the_surroundings_fault_and_stays_untold(
    registry: StartRegistry, tested: records.Record, tmp_path: Path
) -> None:
    for auth in ("htpasswd", "token"):
        started = registry(auth)
        arguments = ("publish", "--to", f"{started.host}/x", "--credential", "env:ci:WORD")
        done = ctr_ci(*arguments, folder=tmp_path, WORD="hunter-2222")
        assert done.returncode == 3
        assert "credentials refused by 127.0.0.1" in done.stderr
        assert "hunter" not in done.stderr + done.stdout


def credentials(folder: Path, user: str, password: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Each source that a test can fill: its text, standard input, environment."""
    yield f"env:{user}:WORD", "", {"WORD": password}
    yield f"password-stdin:{user}", f"{password}\n", {}
    plain = folder / "plain"
    plain.write_text(f"{user}:{password}\n")
    yield f"file:{plain}", "", {}
    plain_json = folder / "plain.json"
    plain_json.write_text(json.dumps({"username": user, "password": password}))
    yield f"file:{plain_json}", "", {}
    yield "github", "", {"GITHUB_TOKEN": password, "GITHUB_ACTOR": user}
    helper = folder / "bin" / "docker-credential-test"
    helper.parent.mkdir()
    answer = json.dumps({"ServerURL": "x", "Username": user, "Secret": password})
    helper.write_text(f"#!/bin/sh\ncat >{folder}/asked\n[ $1 = get ] && echo '{answer}'\n")
    helper.chmod(0o755)
    path = {"PATH": f"{helper.parent}:{os.environ['PATH']}"}
    yield "helper:test", "", path


def test_every_source_of_a_credential_opens_the_registry(
    registry: StartRegistry, tested: records.Record, tmp_path: Path
) -> None:
    started = registry("htpasswd")
    for number, (source, stdin, environment) in enumerate(
        credentials(tmp_path, started.user, started.password)
    ):
        to = ("publish", "--to", f"{started.host}/a/{number}", "--credential", source)
        done = ctr_ci(*to, folder=tmp_path, stdin=stdin, **environment)
        assert done.returncode == 0, (source, done.stderr)
    assert (tmp_path / "asked").read_text() == started.host


def test_dockers_own_config_is_read_only_when_named(
    registry: StartRegistry, tested: records.Record, tmp_path: Path
) -> None:
    started = registry("htpasswd")
    pair = b64encode(f"{started.user}:{started.password}".encode()).decode()
    config = tmp_path / "home" / ".docker" / "config.json"
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"auths": {started.host: {"auth": pair}}}))
    before = config.read_bytes(), config.stat().st_mtime_ns
    to = ("publish", "--to", f"{started.host}/a/b")
    assert ctr_ci(*to, folder=tmp_path).returncode == 3
    assert ctr_ci(*to, "--credential", "docker-config", folder=tmp_path).returncode == 0
    inline = json.dumps({"auths": {started.host: {"auth": pair}}})
    config.unlink()
    done = ctr_ci(*to, "--credential", "docker-config", folder=tmp_path, DOCKER_AUTH_CONFIG=inline)
    assert done.returncode == 0, done.stderr
    config.write_bytes(before[0])
    helpers = {"credHelpers": {started.host: "gone"}, "auths": {started.host: {"auth": pair}}}
    config.write_text(json.dumps(helpers))
    done = ctr_ci(*to, "--credential", "docker-config", folder=tmp_path)
    assert done.returncode == 2
    assert "docker-credential-gone" in done.stderr
    assert list(config.parent.iterdir()) == [config]


def test_a_token_from_standard_input_is_sent_as_it_is(
    registry: StartRegistry, tested: records.Record, tmp_path: Path
) -> None:
    started = registry("token")
    assert started.tokens
    scope: dict[str, object] = {"type": "repository", "name": "team/app", "actions": ["pull", "push"]}
    ours = started.tokens.sign("ci", [scope])
    to = ("publish", "--to", f"{started.host}/team/app", "--credential", "token-stdin")
    done = ctr_ci(*to, folder=tmp_path, stdin=ours)
    assert done.returncode == 0, done.stderr
    assert started.scopes_asked == []


@pytest.mark.parametrize("way", ["env", "stdin"])
def test_the_password_is_nowhere_but_in_our_memory(
    registry: StartRegistry, tested: records.Record, tmp_path: Path, engine_socket: str, way: str
) -> None:
    started = registry("token")
    between = FaultProxy(started.host, lambda seen: Delay(0.15)).start()
    canary = started.password
    basic = b64encode(f"{started.user}:{canary}".encode()).rstrip(b"=")
    source = f"env:{started.user}:WORD" if way == "env" else f"password-stdin:{started.user}"
    home = tmp_path / "home"
    home.mkdir()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "ctr_ci", "publish", "--to", f"{between.host}/team/app"),
            *("--credential", source, "--format", "json"),
        ],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(tmp_path)}
        | ({"WORD": canary} if way == "env" else {}),
    )
    assert process.stdin
    process.stdin.write(b"" if way == "env" else canary.encode() + b"\n")
    process.stdin.close()
    process.stdin = None
    seen: set[str] = set()
    looks = 0
    while process.poll() is None:
        for place in Path("/proc").glob("[0-9]*/cmdline"):
            for file in (place, place.with_name("environ")):
                try:
                    content = file.read_bytes()
                except OSError:
                    continue
                if canary.encode() in content or basic in content:
                    seen.add(f"{file} {place.read_bytes()[:80]!r}")
        looks += 1
        time.sleep(0.02)
    output, complaints = process.communicate()
    between.stop()
    assert process.returncode == 0, complaints
    assert looks > 10
    own = f"/proc/{process.pid}/environ"
    assert not [one for one in seen if not (way == "env" and one.startswith(own))]
    image = tested.images[0].image_id
    places = {
        "output": output + complaints,
        "history": api.call(engine_socket, "GET", f"/images/{image}/history"),
        "image": api.call(engine_socket, "GET", f"/images/{image}/json"),
        **{str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()},
    }
    assert any("record.json" in name for name in places)
    for name, content in places.items():
        assert canary.encode() not in content, name
        assert basic not in content, name
        assert b"_state=" not in content, name
        assert b"Bearer" not in content, name
    assert not (home / ".docker").exists()


def test_one_image_goes_to_several_places_with_what_git_says(
    registry: StartRegistry, tested: records.Record, tmp_path: Path
) -> None:
    first, second = registry().host, registry().host
    rewrite(tmp_path, replace(tested, source=(("kind", "folder"), ("commit", "c" * 40))))
    done = ctr_ci(
        *("publish", "--to", f"{first}/a", "--to", f"{second}/b", "--git-annotations", "--format", "json"),
        *("--tag", "type=sha", "--tag", "{{tag}}"),
        folder=tmp_path,
        GITHUB_REF_TYPE="tag",
        GITHUB_REF_NAME="v1.2.3",
        GITHUB_SERVER_URL="https://github.com",
        GITHUB_REPOSITORY="o/r",
    )
    assert done.returncode == 0, done.stderr
    receipts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["repository"] for one in receipts] == [f"{first}/a", f"{second}/b"]
    assert receipts[0]["digest"] == receipts[1]["digest"]
    assert tags(second, "b") == ["sha-ccccccc", "v1.2.3"]
    assert stored(first, "a", "v1.2.3")["annotations"] == {
        "org.opencontainers.image.created": "2025-11-25T02:00:30Z",
        "org.opencontainers.image.revision": "c" * 40,
        "org.opencontainers.image.source": "https://github.com/o/r",
        "org.opencontainers.image.version": "v1.2.3",
    }


def test_a_version_takes_latest_only_where_it_is_the_newest(
    registry: StartRegistry, tested: records.Record, tmp_path: Path
) -> None:
    host = registry().host

    def release(version: str) -> list[str]:
        done = ctr_ci(
            *("publish", "--to", f"{host}/app", "--tag", "type=semver", "--format", "json"),
            folder=tmp_path,
            GITHUB_REF_TYPE="tag",
            GITHUB_REF_NAME=version,
        )
        assert done.returncode == 0, done.stderr
        return [tag["name"] for tag in json.loads(done.stdout)["tags"]]

    assert release("v2.0.0") == ["2.0.0", "2.0", "2", "latest"]
    assert release("v1.9.9") == ["1.9.9", "1.9", "1"]
    assert release("v3.0.0-rc.1") == ["3.0.0-rc.1"]


def test_nothing_is_published_from_a_forks_pull_request(
    registry: StartRegistry, tested: records.Record, tmp_path: Path
) -> None:
    host = registry().host

    def attempt(owner: str) -> subprocess.CompletedProcess[str]:
        pull = {
            "number": 7,
            "head": {"sha": "d" * 40, "repo": {"full_name": f"{owner}/r"}},
            "base": {"repo": {"full_name": "o/r"}},
        }
        event = tmp_path / "event.json"
        event.write_text(json.dumps({"pull_request": pull}))
        return ctr_ci(
            *("publish", "--to", f"{host}/app", "--tag", "type=ref,event=pr", "--tag", "type=sha"),
            folder=tmp_path,
            GITHUB_EVENT_NAME="pull_request",
            GITHUB_EVENT_PATH=str(event),
            GITHUB_SHA="e" * 40,
        )

    stranger = attempt("stranger")
    assert stranger.returncode == 1
    assert "a pull request of a fork" in stranger.stderr
    assert tags(host, "app") == []
    own = attempt("o")
    assert own.returncode == 0, own.stderr
    assert tags(host, "app") == ["pr-7", "sha-ddddddd"]


def test_ctr_ci_yaml_says_where_to_and_what_must_stay(
    registry: StartRegistry, tested: records.Record, alpine: str, tmp_path: Path
) -> None:
    host = registry().host
    (tmp_path / "ctr-ci.yaml").write_text(
        f"publish:\n  to: {host}/from/yaml\n  tag: [v1, moving]\n  immutable: ['v*']\n  attest: evidence\n"
    )
    assert ctr_ci("publish", folder=tmp_path).returncode == 0
    there = tags(host, "from/yaml")
    assert {"v1", "moving"} < set(there)
    assert any(tag.startswith("sha256-") for tag in there)
    other = ("publish", "--image", alpine, "--unverified")
    kept = ctr_ci(*other, folder=tmp_path)
    assert kept.returncode == 1
    assert "tag v1 of" in kept.stderr
    assert ctr_ci(*other, "--tag", "moving", folder=tmp_path).returncode == 0
    (tmp_path / "ctr-ci.yaml").write_text(
        f"publish:\n  to: {host}/from/full\n  sbom: cyclonedx\n"
        "  only-if-newer: true\n  git-annotations: true\n"
    )
    full = ctr_ci("publish", "--tag", "v1", folder=tmp_path)
    assert full.returncode == 0, full.stderr
    found = stored(host, "from/full", "v1")
    assert "org.opencontainers.image.created" in found["annotations"]  # type: ignore[operator]
    assert any(tag.startswith("sha256-") for tag in tags(host, "from/full"))
    told = ctr_ci("publish", "--tag", "v1", "--dry-run", folder=tmp_path)
    assert "only where it points at something older" in told.stdout
    (tmp_path / "ctr-ci.yaml").write_text("publish:\n  only-if-newer: yes please\n  sbom: spdx\n")
    wrong = ctr_ci("publish", folder=tmp_path)
    assert wrong.returncode == 2
    assert "`only-if-newer` is 'yes please'; expected one of true, false" in wrong.stderr
    assert "`sbom` is 'spdx'" in wrong.stderr
    (tmp_path / "ctr-ci.yaml").write_text("publish:\n  too: x\n  attest: maybe\n")
    wrong = ctr_ci("publish", folder=tmp_path)
    assert wrong.returncode == 2
    assert "did you mean 'to'?" in wrong.stderr
    assert "'maybe'" in wrong.stderr


def test_records_of_several_platforms_make_one_index(
    registry: StartRegistry, tested: records.Record, tmp_path: Path, engine_socket: str, busybox: str
) -> None:
    """The second platform's image is made of the first one's bytes, under another architecture."""
    exported = api.call(engine_socket, "GET", f"/images/{busybox}/get")
    with tarfile.open(fileobj=io.BytesIO(exported)) as archive:
        listing = json.load(archive.extractfile("manifest.json"))[0]  # type: ignore[arg-type]
        root = archive.extractfile(listing["Layers"][0]).read()  # type: ignore[union-attr]
    other = Saved([root], architecture="arm64")
    api.call(engine_socket, "POST", "/images/load", other.archive(), "application/x-tar")
    try:
        ran = (records.Ran(other.image_id, 0, 20.0),)
        step = replace(tested.steps[0], image_id=other.image_id, ran=ran)
        image = replace(tested.images[0], image_id=other.image_id)
        name = replace(tested.names[0], image_id=other.image_id)
        second = replace(tested, build_id="b-2", steps=(step,), images=(image,), names=(name,))
        rewrite(tmp_path, second)
        host = registry().host
        paths = [str(records.place(tmp_path, run)) for run in ("b-1", "b-2")]
        done = ctr_ci(
            *("publish", "--record", paths[0], "--record", paths[1], "--to", f"{host}/multi", "--tag", "v1"),
            *("--attest", "evidence", "--format", "json"),
            folder=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        receipt = json.loads(done.stdout)
        assert [one["image_id"] for one in receipt["platforms"]] == [
            tested.images[0].image_id,
            other.image_id,
        ]
        assert stored(host, "multi", "v1")["manifests"][1]["platform"]["architecture"] == "arm64"  # type: ignore[index]
        assert ctr_ci("verify", f"{host}/multi:v1", folder=tmp_path).returncode == 0
    finally:
        api.call(engine_socket, "DELETE", f"/images/{other.image_id}")
