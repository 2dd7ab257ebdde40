"""A run that is interrupted, killed, or loses its engine or its reader leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ctr_ci import record
from testbed import images
from testbed.builds import leftovers
from testbed.engine import SecondEngine

STUBBORN = {"args": ["sh", "-c", "trap '' TERM INT HUP; echo up; sleep 60"], "waitFor": ["-"]}


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder with a short name: it is TMPDIR, too."""
    folder = Path(tempfile.mkdtemp(prefix="ct-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


def steps(busybox: str, docker: str = "") -> list[dict[str, object]]:
    found: list[dict[str, object]] = [
        {"name": busybox, **STUBBORN, "volumes": [{"name": "vol", "path": "/v"}]},
        {"name": busybox, "args": ["true"], "volumes": [{"name": "vol", "path": "/v"}]},
        {"name": busybox, "args": ["true"]},
    ]
    if docker:
        run = ["run", "--network", "cloudbuild", busybox, "sleep", "60"]
        found.insert(0, {"name": docker, "args": run, "waitFor": ["-"]})
    return found


@contextmanager
def running(
    place: Path, build: list[dict[str, object]], socket: str, options: tuple[str, ...] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """A `ctr-ci run` under way whose output has come to the word `up`, or to its end."""
    (place / "build.json").write_text(json.dumps({"steps": build}))
    command = [sys.executable, "-m", "ctr_ci", "run", "--no-source", "--no-config"]
    with (place / "err").open("wb") as err:
        process = subprocess.Popen(
            [*command, "--config", "build.json", "--engine", f"unix://{socket}", *options],
            cwd=place,
            env={**os.environ, "TMPDIR": str(place)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=err,
        )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if b"up" in line:
                break
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()


def made(place: Path) -> record.Record:
    path = record.newest(place)
    assert path is not None
    return record.read(path)


def folders(place: Path) -> list[str]:
    return [path.name for path in place.glob("ctr-ci-*")]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_105_a_signal_ends_the_build_in_order(
    place: Path, engine_socket: str, busybox: str, docker_builder: str, number: int, code: int
) -> None:
    with running(place, steps(busybox, docker_builder), engine_socket) as process:
        start = time.monotonic()
        process.send_signal(number)
        assert process.wait(timeout=15) == code
        assert time.monotonic() - start < 7
    done = made(place)
    assert done.status == "CANCELLED"
    assert [step.status for step in done.steps] == ["CANCELLED", "CANCELLED", "QUEUED", "QUEUED"]
    assert leftovers(engine_socket, done.build_id) == []
    assert folders(place) == []
    said = (place / "err").read_text()
    assert f"ERROR: context canceled\nhelp: interrupted by {signal.Signals(number).name}: " in said


def test_what_a_killed_run_left_is_cleaned_and_a_living_one_is_left_alone(
    place: Path, engine_socket: str, busybox: str
) -> None:
    with running(place, steps(busybox), engine_socket) as process:
        process.kill()
        process.wait()
    killed = made(place)
    assert killed.status == "UNFINISHED"
    assert len(leftovers(engine_socket, killed.build_id)) >= 3
    assert len(folders(place)) == 1
    with running(place, steps(busybox), engine_socket) as process:
        living = made(place)
        deadline = time.monotonic() + 10  # the run itself reaps, in the background
        while len(folders(place)) > 1 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert leftovers(engine_socket, killed.build_id) == []
        assert len(folders(place)) == 1
        assert living.build_id not in clean(place, engine_socket)
        assert len(leftovers(engine_socket, living.build_id)) >= 3
        process.kill()
        process.wait()
    cleaned = clean(place, engine_socket)
    assert f"of build {living.build_id}" in cleaned
    assert "removed folder" in cleaned
    assert leftovers(engine_socket, living.build_id) == []
    assert folders(place) == []
    assert clean(place, engine_socket) == "nothing to remove\n"


def clean(place: Path, socket: str, *options: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ctr_ci", "clean", "--engine", f"unix://{socket}", *options],
        env={**os.environ, "TMPDIR": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_reader_that_goes_away_ends_the_build(place: Path, engine_socket: str, busybox: str) -> None:
    chatty: list[dict[str, object]] = [
        {"name": busybox, "args": ["sh", "-c", "echo up; while true; do echo more; done"]}
    ]
    with running(place, chatty, engine_socket) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=20) != 0
    done = made(place)
    assert done.status in ("INTERNAL_ERROR", "CANCELLED")
    assert leftovers(engine_socket, done.build_id) == []
    assert folders(place) == []
    assert "Traceback" not in (place / "err").read_text()


def test_an_engine_that_dies_is_an_error_of_the_surroundings(
    place: Path, engine_socket: str, busybox: str, engine_two: SecondEngine
) -> None:
    images.copy_image(engine_socket, engine_two.socket, busybox)
    with running(place, steps(busybox), engine_two.socket) as process:
        engine_two.kill()
        assert process.wait(timeout=30) == 3
    done = made(place)
    assert done.status in ("FAILURE", "INTERNAL_ERROR")
    assert folders(place) == []
    err = (place / "err").read_text()
    assert "Traceback" not in err
    assert "engine" in err
    engine_two.start()
    clean(place, engine_two.socket)
    assert leftovers(engine_two.socket) == []


def test_a_failed_build_can_be_kept_to_look_at(place: Path, engine_socket: str, busybox: str) -> None:
    build: list[dict[str, object]] = [
        {"name": busybox, "args": ["true"]},
        {"name": busybox, "args": ["sh", "-c", "echo made >f; exit 3"], "env": ["X=a b"]},
    ]
    with running(place, build, engine_socket, options=("--keep",)) as process:
        assert process.wait(timeout=30) == 1
    done = made(place)
    told = (place / "err").read_text()
    assert [name.rpartition("-")[2] for name in leftovers(engine_socket, done.build_id)] == ["1", "net"]
    [folder] = folders(place)
    assert (place / folder / "workspace" / "f").read_text() == "made\n"
    assert f"-v {place / folder}/workspace:/workspace" in told
    assert "-e 'X=a b'" in told
    assert clean(place, engine_socket) == "nothing to remove\n"
    assert "removed folder" in clean(place, engine_socket, "--kept")
    assert leftovers(engine_socket, done.build_id) == []
    assert folders(place) == []
