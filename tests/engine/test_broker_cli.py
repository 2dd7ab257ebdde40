"""What real configs do with docker inside a step works as they know it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ctr_ci.broker import Built, Held, Note, Ran, Tagged
from testbed.broker import Bench, bench, direct


@pytest.fixture(scope="module")
def build(engine_socket: str, docker_builder: str, busybox: str) -> Iterator[Bench]:
    with bench(engine_socket, docker_builder) as made:
        made.write("app/Dockerfile", f"FROM {busybox}\nCOPY greeting /greeting\nCMD cat /greeting\n")
        made.write("app/greeting", "hello from the app\n")
        yield made


@pytest.fixture
def new_notes(build: Bench) -> Iterator[list[Note]]:
    """The notes of this test alone."""
    build.notes.clear()
    yield build.notes
    build.notes.clear()


def image_id(build: Bench, name: str) -> str:
    return direct(build.engine, "inspect", "-f", "{{.Id}}", name).out.strip()


@pytest.mark.parametrize("buildkit", ["0", "1"], ids=["classic", "buildkit"])
def test_a_build_passes_and_is_noted_with_its_id_and_names(
    build: Bench, new_notes: list[Note], buildkit: str
) -> None:
    name = f"brk-build-{buildkit}"
    try:
        done = build.sh(f"docker build -t {name} -t {name}:two app", DOCKER_BUILDKIT=buildkit)
        assert done.code == 0, done.err
        full = f"docker.io/library/{name}"
        assert new_notes == [Built(0, image_id(build, name), (f"{full}:latest", f"{full}:two"))]
    finally:
        direct(build.engine, "rmi", name, f"{name}:two")


@pytest.mark.parametrize("buildkit", ["0", "1"], ids=["classic", "buildkit"])
def test_a_quiet_build_is_noted(build: Bench, new_notes: list[Note], buildkit: str) -> None:
    try:
        assert "sha256:" in build.sh("docker build -q -t brk-quiet app", DOCKER_BUILDKIT=buildkit).out
        assert new_notes == [Built(0, image_id(build, "brk-quiet"), ("docker.io/library/brk-quiet:latest",))]
    finally:
        direct(build.engine, "rmi", "brk-quiet")


@pytest.mark.parametrize("buildkit", ["0", "1"], ids=["classic", "buildkit"])
def test_a_failed_build_fails_and_leaves_nothing(build: Bench, new_notes: list[Note], buildkit: str) -> None:
    build.write("bad/Dockerfile", "FROM busybox\nRUN : brk-bad; exit 3\n")
    assert build.sh("docker build -t brk-bad bad", DOCKER_BUILDKIT=buildkit).code != 0
    assert new_notes == []
    assert "brk-bad" not in direct(build.engine, "ps", "-a", "--no-trunc", "--format", "{{.Command}}").out


def test_an_id_that_a_build_prints_is_not_believed(build: Bench, new_notes: list[Note], busybox: str) -> None:
    foreign = image_id(build, busybox)
    build.write("liar/Dockerfile", f'FROM {busybox}\nRUN echo \'{{"aux":{{"ID":"{foreign}"}}}}\'; exit 1\n')
    build.sh("docker build -t brk-liar liar")
    assert new_notes == []


def test_a_run_is_noted_with_image_and_exit_code(build: Bench, new_notes: list[Note], busybox: str) -> None:
    done = build.sh("docker run --rm busybox sh -c 'echo out; echo err >&2; exit 7'")
    assert (done.code, done.out, done.err) == (7, "out\n", "err\n")
    build.broker.settle(0)
    (ran,) = new_notes
    assert isinstance(ran, Ran)
    assert (ran.image_id, ran.exit_code, ran.stopped) == (image_id(build, busybox), 7, False)


@pytest.mark.parametrize(
    ("image", "words", "program"),
    [
        ("brk-program", "", None),
        ("brk-program", "arguments of it", None),
        ("--entrypoint true brk-program", "", "true"),
        ("--entrypoint sh brk-program", "-c true", "sh"),
        ("--entrypoint '' brk-program", "true", "true"),
        ("brk-no-entrypoint", "", None),
        ("brk-no-entrypoint", "true", "true"),
        ("--entrypoint sh brk-no-entrypoint", "-c true", "sh"),
        ("--entrypoint true brk-no-entrypoint", "echo it ran", "true"),
    ],
)
def test_what_runs_in_place_of_the_images_own_program_is_told(
    build: Bench, new_notes: list[Note], programs: None, image: str, words: str, program: str | None
) -> None:
    assert build.sh(f"docker run --rm {image} {words}").code == 0
    build.broker.settle(0)
    assert [note.program for note in new_notes if isinstance(note, Ran)] == [program]


@pytest.fixture(scope="module")
def programs(build: Bench, busybox: str) -> Iterator[None]:
    """An image with an entrypoint, one without."""
    build.write("program/Dockerfile", f'FROM {busybox}\nENTRYPOINT ["sh", "-c", "echo it ran"]\nCMD ["x"]\n')
    build.write("none/Dockerfile", f'FROM {busybox}\nCMD ["echo", "it ran"]\n')
    for name, folder in (("brk-program", "program"), ("brk-no-entrypoint", "none")):
        direct(build.engine, "build", "-q", "-t", name, str(build.workspace / folder))
    yield
    direct(build.engine, "rmi", "brk-program", "brk-no-entrypoint")


@pytest.mark.usefixtures("new_notes")
def test_a_step_that_ends_before_its_detached_container_is_noted_after_settling(build: Bench) -> None:
    assert build.sh("docker run -d --rm busybox true && sleep 0.5").code == 0
    build.broker.settle(0)
    assert [note.exit_code for note in build.notes if isinstance(note, Ran)] == [0]


def test_many_short_runs_are_all_noted(build: Bench, new_notes: list[Note]) -> None:
    build.sh('for i in 1 2 3 4 5 6; do docker run --rm --network none busybox sh -c "exit $i" & done; wait')
    build.broker.settle(0)
    assert sorted(note.exit_code for note in new_notes if isinstance(note, Ran)) == [1, 2, 3, 4, 5, 6]


def test_a_server_that_is_stopped_when_the_test_is_done_counts_as_stopped(
    build: Bench, new_notes: list[Note]
) -> None:
    script = """
    docker run -d --network cloudbuild --name web busybox sh -c 'echo up >/i; exec httpd -f -h /'
    for _ in 1 2 3 4 5 6 7 8; do wget -qO- http://web/i && break; sleep 0.3; done
    docker rm -f web
    """
    done = build.sh(script)
    assert "up" in done.out
    build.broker.settle(0)
    assert [(note.exit_code, note.stopped) for note in new_notes if isinstance(note, Ran)] == [(137, True)]


def test_a_container_answers_to_its_chosen_name_everywhere(build: Bench) -> None:
    script = """set -e
    docker run -d --name db --network cloudbuild busybox sleep 100 >id
    docker ps --filter name=^db$ --format '{{.Names}}'
    docker inspect -f '{{.Name}}' db
    docker inspect -f '{{.Id}}' /db | cmp - id
    docker exec db echo from exec
    docker exec -u 1:1 -w /tmp -e A=b db sh -c 'echo $A $(id -u) $(pwd)'
    docker run --rm --network cloudbuild busybox ping -c1 db >/dev/null
    docker rename db base; docker logs base; docker top base >/dev/null
    docker network inspect cloudbuild -f '{{range .Containers}}{{.Name}} {{end}}'
    docker port base; docker pause base; docker unpause base; docker stop -t 0 base
    docker wait base; docker start base; docker kill base; docker rm base
    """
    done = build.sh(script)
    assert done.code == 0, done.err
    assert done.out.splitlines()[:4] == ["db", "/db", "from exec", "b 1 /tmp"]
    assert "base" in done.out.splitlines()
    assert "ctr-ci" not in done.out


def test_two_builds_may_choose_the_same_names(build: Bench, engine_socket: str, docker_builder: str) -> None:
    script = (
        "docker network create net && docker volume create data && docker run -d --name same busybox sleep 99"
    )
    assert build.sh(script).code == 0
    with bench(engine_socket, docker_builder) as other:
        done = other.sh(script)
        assert done.code == 0, done.err
        assert build.sh("docker ps -q").out.strip() not in other.sh("docker ps -q --no-trunc").out
    assert build.sh("docker rm -f same; docker volume rm data; docker network rm net").code == 0


def test_cp_streams_both_ways(build: Bench) -> None:
    script = """set -e
    docker create --name files busybox true >/dev/null
    head -c 3000000 /dev/urandom >big; docker cp big files:/big; docker cp files:/big back; cmp big back
    docker cp files:/big - | tar t; docker cp - files:/tmp <app.tar; docker rm files
    """
    build.sh("tar cf app.tar app")
    done = build.sh(script)
    assert done.code == 0, done.err
    assert "big\n" in done.out


def test_images_are_saved_loaded_committed_imported_tagged_and_removed(
    build: Bench, new_notes: list[Note]
) -> None:
    script = """set -e
    docker build -q -t brk-image app >id; docker save brk-image >saved.tar; docker rmi brk-image
    docker load -i saved.tar; docker tag brk-image brk-image:two
    docker create --name c brk-image:two; docker commit c brk-committed
    docker export c | docker import - brk-imported
    docker history -q brk-image >/dev/null; docker images --format '{{.Repository}}' | grep -c ^brk-
    docker rm c; docker rmi brk-image brk-image:two brk-committed brk-imported
    """
    done = build.sh(script)
    assert done.code == 0, done.err
    first = (build.workspace / "id").read_text().strip()
    full = "docker.io/library/brk-"
    kinds = [(type(note), getattr(note, "names", getattr(note, "name", ""))) for note in new_notes]
    assert kinds == [
        (Built, (f"{full}image:latest",)),
        (Built, (f"{full}image:latest",)),
        (Tagged, f"{full}image:two"),
        (Built, (f"{full}committed:latest",)),
        (Built, (f"{full}imported:latest",)),
    ]
    assert {getattr(note, "image_id", "") for note in new_notes[:3]} == {first}


def test_volumes_and_workspace_paths_are_mounted(build: Bench) -> None:
    build.write("sub/file", "content\n")
    script = """set -e
    docker volume create data; docker volume ls -q; docker volume inspect -f '{{.Name}}' data
    docker run --rm -v data:/d -v fresh:/f busybox sh -c 'echo kept >/d/x; echo new >/f/x'
    docker run --rm -v data:/d --mount type=volume,src=fresh,dst=/f,readonly busybox cat /d/x /f/x
    docker run --rm -v $PWD/sub:/s:ro busybox cat /s/file
    docker run --rm -v /workspace:/workspace -w /workspace/sub busybox cat file
    docker run --rm --mount type=bind,src=/workspace/sub/file,dst=/one busybox cat /one
    docker run --rm -v /workspace/made/here:/m busybox touch /m/x; ls made/here
    docker run --rm -v /builder/home:/h busybox touch /h/seen; ls /builder/home
    docker volume rm data fresh
    """
    done = build.sh(script)
    assert done.code == 0, done.err
    words = done.out.split()
    assert words[:3] == ["data", "data", "data"]
    assert words[3:9] == ["kept", "new", "content", "content", "content", "x"]
    assert "seen" in words


def test_a_step_sees_its_own_words_in_an_inspection(build: Bench) -> None:
    script = """
    docker create --name w -v /workspace/sub:/s -v vol:/v --network cloudbuild busybox true >/dev/null
    docker inspect w; docker rm w; docker volume rm vol"""
    out = build.sh(script).out
    assert "/workspace/sub" in out
    assert str(build.workspace) not in out
    assert build.scope.network not in out
    assert '"cloudbuild"' in out


def test_a_container_may_be_given_the_steps_docker(build: Bench, docker_builder: str) -> None:
    done = build.sh(
        f"S=/var/run/docker.sock; docker run --rm -v $S:$S {docker_builder} run --rm --privileged busybox"
    )
    assert "rule privileged" in done.err


def test_stdin_and_a_terminal_pass(build: Bench) -> None:
    assert build.sh("printf 'a\\nb\\n' | docker run -i --rm busybox wc -l").out.strip() == "2"
    assert build.sh("docker run -t --rm busybox tty").out.strip() == "/dev/pts/0"
    build.sh("docker run -d --name in busybox sleep 100")
    assert build.sh("echo through exec | docker exec -i in cat; docker rm -f in").out.startswith(
        "through exec\n"
    )


def test_a_push_is_held_and_says_so(build: Bench, new_notes: list[Note]) -> None:
    done = build.sh("docker tag busybox r.example/team/app:1 && docker push r.example/team/app:1")
    assert done.code == 0
    assert "held: not pushed" in done.out
    assert new_notes[-1] == Held(0, "r.example/team/app:1")
    assert build.sh("docker push r.example/team/other").code == 1
    assert build.sh("docker rmi r.example/team/app:1").code == 0


def test_a_login_is_answered_here_and_asks_nobody(build: Bench) -> None:
    done = build.sh("echo hunter2 | docker login -u me --password-stdin registry.invalid")
    assert done.code == 0
    assert "Login Succeeded" in done.out
    assert "hunter2" not in repr(build.notes)


def test_networks_come_and_go(build: Bench) -> None:
    script = """set -e
    docker network create inner; docker run -d --name srv --network inner --network-alias svc busybox sleep 99
    docker run --rm --network inner busybox ping -c1 srv >/dev/null
    docker run --rm --network inner busybox ping -c1 svc >/dev/null
    docker network connect cloudbuild srv
    docker run --rm --network cloudbuild busybox ping -c1 srv >/dev/null
    docker network disconnect cloudbuild srv; docker network ls --format '{{.Name}}'
    docker rm -f srv; docker network rm inner
    """
    done = build.sh(script)
    assert done.code == 0, done.err
    assert {"inner", "cloudbuild"} <= set(done.out.split())


def test_version_info_and_events_are_the_builds_own(build: Bench) -> None:
    assert build.sh("docker version && docker info").code == 0
    script = """docker events --format '{{.Action}} {{.Actor.Attributes.name}}' >seen & sleep 0.5
    docker run --rm --name seen busybox true; sleep 0.5; kill $!; cat seen"""
    assert build.sh(script).out.splitlines()[:2] == ["create seen", "attach seen"]


def test_compose_files_need_no_change(build: Bench) -> None:
    """Compose by hand: what its releases ask of the engine, in their order, with the names they choose."""
    label = "--label com.docker.compose.project=p"
    script = f"""set -e
    docker network create {label} p_default; docker volume create {label} p_data
    docker create --name p-web-1 {label} --network p_default --network-alias web -v p_data:/d -v $PWD:/src \
      --restart always busybox sh -c 'echo up >/i; exec httpd -f -h /'
    docker start p-web-1
    docker ps -a --filter label=com.docker.compose.project=p --format '{{{{.Names}}}}'
    docker run --rm {label} --network p_default busybox sh -c 'sleep 1; wget -qO- http://web/i'
    docker stop -t 0 p-web-1; docker rm p-web-1; docker volume rm p_data; docker network rm p_default
    """
    done = build.sh(script)
    assert done.code == 0, done.err
    assert "p-web-1\nup\n" in done.out


def test_closing_removes_what_steps_made_and_notes_what_still_ran(
    engine_socket: str, docker_builder: str
) -> None:
    with bench(engine_socket, docker_builder) as made:
        made.sh(
            "docker volume create v; docker network create n;"
            "docker run -d -v v:/v --network n busybox sleep 99"
        )
        label = f"label=ctr-ci.build={made.scope.build_id}"
    for kind in (("ps", "-aq"), ("network", "ls", "-q"), ("volume", "ls", "-q")):
        assert direct(engine_socket, *kind, "--filter", label).out == ""
    assert [(note.exit_code, note.stopped) for note in made.notes if isinstance(note, Ran)] == [(137, True)]


def test_closing_ends_what_steps_are_in_the_middle_of(engine_socket: str, docker_builder: str) -> None:
    with bench(engine_socket, docker_builder) as made, ThreadPoolExecutor() as pool:
        for script in (
            "docker run --rm --name a busybox sleep 99",
            "sleep 1; docker exec -i a sleep 99",
            "sleep 1; docker logs -f a",
            "sleep 1; docker wait a",
            "docker events",
            "(tar c app; sleep 99) | docker import - brk-never",
            "printf 'FROM busybox\\nRUN sleep 99\\n' | docker build -q -t brk-never -",
        ):
            pool.submit(made.sh, script)
        time.sleep(2)
        started = time.monotonic()
        made.broker.close()
        took = time.monotonic() - started
        direct(engine_socket, "rm", "-f", made.container)
        assert took < 3


@pytest.mark.parametrize("quiet", ["-q", ""], ids=["no word", "a silent RUN"])
def test_a_build_ends_with_the_step_that_asked_for_it(
    engine_socket: str, docker_builder: str, quiet: str
) -> None:
    mark = f"brk-late-{uuid.uuid4().hex[:8]}"
    with bench(engine_socket, docker_builder) as made:
        made.write("late/Dockerfile", f"FROM busybox\nRUN : {mark}; sleep 8\n")
        made.sh("true", step=1)
        step = made.containers[0]
        direct(
            engine_socket,
            "exec",
            "-d",
            step,
            *("docker", "build", *quiet.split()),
            "-t",
            mark,
            "/workspace/late",
        )
        assert eventually(lambda: mark in commands(engine_socket))
        direct(engine_socket, "rm", "-f", step)
        ended = time.monotonic()
        made.broker.settle(1)
        assert eventually(lambda: mark not in commands(engine_socket, "-a"))
        assert time.monotonic() - ended < 3
        made.broker.close()
        assert time.monotonic() - ended < 6
        time.sleep(9)  # longer than the build would have taken
        assert direct(engine_socket, "images", "-q", mark).out == ""


def commands(engine: str, *more: str) -> str:
    """What the engine's containers run, or have run."""
    return direct(engine, "ps", *more, "--no-trunc", "--format", "{{.Command}}").out


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_200_calls_at_once_are_all_answered(build: Bench) -> None:
    with ThreadPoolExecutor(200) as pool:
        calls = [
            ("GET", "/containers/json"),
            ("GET", "/images/busybox/json"),
            ("POST", "/containers/create"),
            ("GET", "/version"),
        ]
        body = {"Image": "busybox", "HostConfig": {"NetworkMode": "none"}}
        asked = [
            pool.submit(build.call, method, target, body if method == "POST" else None)
            for method, target in calls * 50
        ]
        answers = [answer.result() for answer in asked]
    assert [status for status, _ in answers] == [200, 200, 201, 200] * 50
    assert len({json.loads(text)["Id"] for _, text in answers[2::4]}) == 50
