"""Newer command lines and engines than the system's: what steps do with them works, and is noted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ctr_ci.broker import Built, Denied, Held, Note, Ran
from testbed import images
from testbed.broker import Bench, bench, direct
from testbed.debian import docker_of
from testbed.engine import second_engine

COMPOSE = """\
services:
  web:
    build: .
    command: sh -c 'echo up >/i; exec httpd -f -h /'
    ports: ["80"]
    volumes: [data:/d, ./src:/src]
    healthcheck: {test: [CMD, test, -e, /i], interval: 200ms}
    depends_on: [db]
  db: {image: busybox, command: sleep 99, environment: {A: b}}
volumes: {data: }
"""
PAIRS = {
    "the newest command line on the system's engine": ("sid", "", ()),
    "26.1 with the image store of containerd": ("trixie", "trixie", ("containerd-snapshotter",)),
    "the newest of both": ("sid", "sid", ()),
}


@pytest.fixture(scope="module", params=PAIRS.values(), ids=list(PAIRS))
def build(request: pytest.FixtureRequest, engine_socket: str, busybox: str) -> Iterator[Bench]:
    command, release, features = request.param
    if not release:
        builder = images.ensure_newer_docker_builder(engine_socket, command)
        with bench(engine_socket, builder) as made:
            yield filled(made)
        return
    with second_engine(docker_of(release), features) as engine:
        images.ensure_busybox(engine.socket)
        builder = images.ensure_newer_docker_builder(engine.socket, command)
        with bench(engine.socket, builder) as made:
            yield filled(made)


def filled(build: Bench) -> Bench:
    build.write("app/Dockerfile", "FROM busybox\nRUN echo x >/x\nCOPY greeting /\nCMD cat /greeting\n")
    build.write("app/greeting", "hello from the app\n")
    build.write("c/compose.yaml", COMPOSE)
    build.write("c/Dockerfile", "FROM busybox\nRUN echo 1 >/one\n")
    build.write("c/src/x", "x")
    return build


@pytest.fixture
def new_notes(build: Bench) -> Iterator[list[Note]]:
    """The notes of this test alone."""
    build.notes.clear()
    yield build.notes
    build.notes.clear()


@pytest.mark.parametrize(
    "way",
    ["DOCKER_BUILDKIT=0 docker build -q", "docker build -q", "docker buildx build -q --load"],
    ids=["classic", "buildkit", "buildx"],
)
def test_what_is_built_and_run_is_noted(build: Bench, new_notes: list[Note], way: str) -> None:
    done = build.sh(f"{way} -t brk-newer -t brk-newer:two app >/dev/null && docker run --rm brk-newer")
    try:
        assert (done.code, done.out) == (0, "hello from the app\n"), done.err
        made = direct(build.engine, "inspect", "-f", "{{.Id}}", "brk-newer").out.strip()
        build.broker.settle(0)
        full = "docker.io/library/brk-newer"
        built, ran = new_notes
        assert built == Built(0, made, (f"{full}:latest", f"{full}:two"))
        assert isinstance(ran, Ran)
        assert (ran.image_id, ran.exit_code, ran.stopped) == (made, 0, False)
    finally:
        direct(build.engine, "rmi", "brk-newer", "brk-newer:two")


def test_builds_at_once_all_pass(build: Bench, new_notes: list[Note]) -> None:
    """Their calls overtake each other."""
    script = "for i in 1 2 3 4; do docker build -q --build-arg N=$i -t brk-at-once:$i app & done; wait"
    try:
        assert build.sh(script).code == 0
        assert len([note for note in new_notes if isinstance(note, Built)]) == 4
        assert [note for note in new_notes if isinstance(note, Denied)] == []
    finally:
        direct(build.engine, "rmi", *(f"brk-at-once:{number}" for number in range(1, 5)))


def test_a_container_is_worked_with_by_its_name(build: Bench, new_notes: list[Note]) -> None:
    script = """set -e
    docker run -d --name db --network cloudbuild busybox sleep 99 >id
    docker inspect -f '{{.Id}}' db | cmp - id; docker ps --format '{{.Names}}'
    docker exec -e A=b db sh -c 'echo $A; echo logged >/proc/1/fd/1'
    echo copied >file; docker cp -q file db:/file; docker cp -q db:/file back; cat back
    docker logs db; docker run --rm --network cloudbuild busybox ping -c1 db >/dev/null
    docker stop -t 0 db >/dev/null; docker wait db; docker rename db old; docker rm old
    """
    done = build.sh(script)
    assert done.code == 0, done.err
    assert done.out.split() == ["db", "b", "copied", "logged", "137", "old"]
    build.broker.settle(0)
    assert sorted((note.exit_code, note.stopped) for note in new_notes if isinstance(note, Ran)) == [
        (0, False),
        (137, True),
    ]


def test_images_are_tagged_shown_saved_and_loaded(build: Bench) -> None:
    script = """set -e
    docker tag busybox brk-kept:1; docker images --format '{{.Repository}}:{{.Tag}}' | grep brk-kept
    docker image inspect brk-kept:1 -f '{{.Os}}'; docker history -q brk-kept:1 >/dev/null
    docker save brk-kept:1 -o kept.tar; docker rmi brk-kept:1 >/dev/null
    docker load -q -i kept.tar; docker rmi brk-kept:1 >/dev/null
    """
    done = build.sh(script)
    assert done.code == 0, done.err
    assert done.out.splitlines() == ["brk-kept:1", "linux", "Loaded image: brk-kept:1"]


def test_networks_and_volumes_come_and_go(build: Bench) -> None:
    script = """set -e
    docker network create inner >/dev/null; docker volume create data
    docker run --rm --network inner -v data:/d -v $PWD/c/src:/s:ro busybox sh -c 'cp /s/x /d; cat /d/x; echo'
    docker network ls --format '{{.Name}}'; docker volume ls -q
    docker network inspect -f '{{.Driver}}' inner; docker volume inspect -f '{{.Name}}' data
    docker volume rm data; docker network rm inner
    """
    done = build.sh(script)
    assert done.code == 0, done.err
    assert done.out.split() == [
        *("data", "x", "cloudbuild", "inner", "data", "bridge", "data", "data", "inner"),
    ]


def test_compose_brings_services_up_and_down(build: Bench, new_notes: list[Note]) -> None:
    script = """set -e; cd c
    docker compose up -d --wait --quiet-pull >/dev/null
    docker compose ps --format '{{.Service}} {{.State}}' | sort
    docker compose exec -T web cat /i /src/x; echo
    docker compose logs db >/dev/null; docker compose run --rm -T web echo ran
    docker compose down -t 0 -v >/dev/null
    docker compose ps -aq; docker volume ls -q; docker network ls -q | wc -l
    """
    try:
        done = build.sh(script)
        assert done.code == 0, done.err
        assert done.out.split() == ["db", "running", "web", "running", "up", "x", "ran", "1"]
        build.broker.settle(0)
        made = direct(build.engine, "inspect", "-f", "{{.Id}}", "c-web").out.strip()
        ran = [note for note in new_notes if isinstance(note, Ran) and note.image_id == made]
        assert sorted(note.stopped for note in ran) == [False, True]
        assert [note for note in new_notes if isinstance(note, Denied)] == []
    finally:
        direct(build.engine, "rmi", "c-web")


def test_a_push_is_held_and_a_build_that_would_push_is_refused(build: Bench, new_notes: list[Note]) -> None:
    done = build.sh(
        "docker tag busybox r.example/a:1; docker push -q r.example/a:1; docker rmi r.example/a:1"
    )
    assert done.code == 0, done.err
    assert new_notes[-1] == Held(0, "r.example/a:1")
    done = build.sh("docker buildx build --push -t r.example/a:1 app")
    assert done.code == 1
    assert "rule push" in done.err
    assert direct(build.engine, "images", "-q", "r.example/a").out == ""


def test_escapes_are_refused_as_ever(build: Bench, new_notes: list[Note]) -> None:
    for flags, rule in (
        ("--privileged", "privileged"),
        ("--pid host", "host-namespace"),
        ("--cgroupns host", "host-namespace"),
        ("-v /:/host", "host-path"),
        ("--device /dev/null", "devices"),
        ("--cap-add SYS_ADMIN", "capabilities"),
        ("--mount type=image,src=busybox,dst=/x", "mount-type"),
        ("--security-opt writable-cgroups=true", "security-opt"),
    ):
        done = build.sh(f"docker run --rm {flags} busybox true")
        assert f"rule {rule}" in done.err, done.err
    for words, rule in (
        ("buildx prune -f", "grpc"),
        ("buildx du", "grpc"),
        ("buildx build --allow network.host --network host app", "entitlements"),
        ("swarm init", "swarm"),
        ("plugin install x --grant-all-permissions", "plugins"),
    ):
        done = build.sh(f"docker {words}")
        assert f"rule {rule}" in done.err + done.out, done.err
    assert [note for note in new_notes if not isinstance(note, Denied)] == []
