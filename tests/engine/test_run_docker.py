"""Steps that use Docker: what they build and run is theirs, seen, and gone afterwards."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from ctr_ci.problem import Exit
from ctr_ci.verbs.publish_parts import Reach
from ctr_ci.verbs.publish_request import Request
from ctr_ci.verbs.selection import Selection
from testbed.builds import Builds, Ran, remove_images, sh
from testbed.registry import Registry


@pytest.fixture
def app(tmp_path: Path, engine_socket: str, busybox: str) -> Iterator[Path]:
    source = tmp_path / "app"
    source.mkdir()
    (source / "Dockerfile").write_text(f'FROM {busybox}\nCOPY hello /hello\nENTRYPOINT ["cat", "/hello"]\n')
    (source / "hello").write_text("hello\n")
    yield source
    remove_images(engine_socket, "ctr-ci.test/app")


def docker(*args: str, **more: object) -> dict[str, object]:
    return {"name": "gcr.io/cloud-builders/docker", "args": list(args), **more}


def remove(image: str) -> dict[str, object]:
    return docker("rmi", "-f", image, id="remove")


def test_72_90_an_image_that_an_earlier_step_built_is_run_by_id_and_counts_as_tested(
    ran: Builds, docker_builder: str, app: Path
) -> None:
    name = "ctr-ci.test/app:one"
    done = ran(
        docker("build", "-q", "-t", name, ".", id="build"),
        {"name": name, "id": "test"},
        {"name": name, "id": "more", "args": ["/hello"]},
        {"name": ran.image, "args": ["echo", "no", "entrypoint"]},
        config={"images": [name]},
        source=app,
    )
    build, test, *_ = done.record.steps
    assert done.exit is Exit.DONE
    assert 'Step #1 - "test": hello\n' in done.out
    assert done.out.count('Step #2 - "more": hello\n') == 2  # the ENTRYPOINT's `cat /hello`, and /hello
    assert "Step #3: no entrypoint\n" in done.out
    assert build.built == (test.image_id,)
    [image] = done.record.images
    assert (image.image_id, image.tested_by) == (
        test.image_id,
        ('Step #1 - "test"', 'Step #2 - "more"'),
    )
    assert f"{name} ({image.image_id[7:19]}) was tested by" in done.err
    assert "next: ctr-ci publish --record" in done.err


def test_an_image_that_nothing_ran_is_told_and_can_be_refused(
    ran: Builds, docker_builder: str, app: Path
) -> None:
    name = "ctr-ci.test/app:two"
    build = docker("build", "-q", "-t", name, ".")
    done = ran(build, config={"images": [name]}, source=app)
    assert done.exit is Exit.DONE
    assert "was tested by no step: `publish` will refuse it" in done.err
    done = ran(build, config={"images": [name]}, source=app, gate_policy="required")
    assert (done.exit, done.record.status) == (Exit.NO, "FAILURE")
    assert "gate tested missing: " in done.err


def test_an_image_that_an_earlier_build_left_is_not_of_this_build(
    ran: Builds, docker_builder: str, app: Path
) -> None:
    name = "ctr-ci.test/app:left"
    build = docker("build", "-q", "-t", name, ".", id="build")
    assert ran(build, config={"images": [name]}, source=app).exit is Exit.DONE
    # All from the cache, and yet this build's.
    assert ran(build, config={"images": [name]}, source=app).exit is Exit.DONE
    broken = docker("build", "-q", "-t", name, "nowhere", id="build", allowFailure=True)
    done = ran(broken, config={"images": [name]}, source=app)
    assert (done.exit, done.record.images) == (Exit.NO, ())
    assert f'failed to find one or more images after execution of build steps: ["{name}"]' in done.err
    assert f"{name} is here from before" in done.err
    # Steps that are left out may be those that made it.
    chosen = Selection(skip=("build",))
    steps: tuple[dict[str, object], ...] = (broken, {"name": name, "id": "test"})
    assert ran(*steps, config={"images": [name]}, source=app, selection=chosen).exit is Exit.DONE


def test_a_container_that_a_step_ran_counts_with_its_own_exit_code(
    ran: Builds, docker_builder: str, app: Path
) -> None:
    name = "ctr-ci.test/app:three"
    done = ran(
        docker("build", "-q", "-t", name, "."),
        docker("run", "--rm", name),
        docker("run", "--rm", "--entrypoint", "false", name, allowFailure=True),
        config={"images": [name]},
        source=app,
    )
    assert "Step #1: hello\n" in done.out
    assert [[ran.exit_code for ran in step.ran] for step in done.record.steps] == [[], [0], [1]]


def test_a_push_in_a_step_is_held(ran: Builds, docker_builder: str, app: Path) -> None:
    name = "host.invalid/team/app:four"
    done = ran(docker("build", "-q", "-t", name, "."), docker("push", name), remove(name), source=app)
    assert done.exit is Exit.DONE
    assert done.record.held == (name,)
    assert f"held: not pushed: {name}" in done.err


def test_100_containers_of_steps_are_found_by_name_and_removed_at_the_end(
    ran: Builds, docker_builder: str
) -> None:
    serve = "echo up > /i; httpd -f -p 80 -h /"
    done = ran(
        docker("run", "-d", "--network", "cloudbuild", "--name", "db", ran.image, "sh", "-c", serve),
        sh("for i in 1 2 3 4 5 6 7 8 9; do wget -q -O - http://db/i && exit 0; sleep 0.3; done; exit 1"),
        sh("wget -q -O - http://db/i", waitFor=["-"], allowFailure=True),
    )
    assert done.statuses[:2] == ["SUCCESS", "SUCCESS"]
    assert "Step #1: up\n" in done.out


def test_101_a_step_may_bind_the_workspace_by_its_own_path(
    ran: Builds, docker_builder: str, app: Path
) -> None:
    bind = ["run", "--rm", "-v", "/workspace:/workspace", "-w", "/workspace"]
    done = ran(
        docker(*bind, ran.image, "sh", "-c", "ls; echo made > new"),
        sh("cat new"),
        docker("run", "--rm", "-v", "/etc:/x", ran.image, "ls", "/x", allowFailure=True),
        source=app,
    )
    assert "Step #0: hello\n" in done.out
    assert "Step #1: made\n" in done.out
    assert done.statuses[2] == "FAILURE"
    assert not (app / "new").exists()


def test_104_two_builds_at_once_do_not_meet(ran: Builds, docker_builder: str, tmp_path: Path) -> None:
    serve = [
        docker("run", "-d", "--network", "cloudbuild", "--name", "db", ran.image, "sleep", "60"),
        sh("sleep 1; ping -c 1 db >/dev/null && echo met", volumes=[{"name": "vol", "path": "/v"}]),
        sh("true", volumes=[{"name": "vol", "path": "/v"}]),
    ]
    found: list[Ran] = []

    def one(number: int) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        found.append(Builds(ran.socket, ran.image, folder)(*serve))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [done.exit for done in found] == [Exit.DONE, Exit.DONE]
    assert all("Step #1: met\n" in done.out for done in found)


def test_steps_can_be_trusted_with_the_engine_itself(ran: Builds, docker_builder: str, app: Path) -> None:
    name = "ctr-ci.test/app:five"
    done = ran(
        docker("build", "-q", "-t", name, "."),
        {"name": name},
        docker("rmi", "-f", "ctr-ci.test/app:none", allowFailure=True),
        config={"images": [name]},
        source=app,
        trust_steps=True,
    )
    assert done.exit is Exit.DONE
    assert done.record.steps[0].built == (done.record.steps[1].image_id,)
    assert done.record.images[0].tested_by == ("Step #1",)


@pytest.mark.parametrize(("ignore", "present"), [(None, False), ("", True)])
def test_102_git_is_in_the_workspace_only_if_asked(
    ran: Builds, app: Path, ignore: str | None, present: bool
) -> None:
    (app / ".git").mkdir()
    (app / ".git" / "HEAD").write_text("x")
    if ignore is not None:
        (app / ".gcloudignore").write_text(ignore)
    done = ran(sh("ls -A"), source=app)
    assert (".git" in done.out.split()) is present


def test_94_nothing_is_pushed_where_a_step_fails(
    ran: Builds, docker_builder: str, app: Path, registry: Callable[[], Registry], tmp_path: Path
) -> None:
    host = registry().host
    name = f"{host}/team/app:five"
    build, test = docker("build", "-q", "-t", name, "."), docker("run", "--rm", name)
    for last, repositories in ((sh("exit 3"), []), (sh("true"), ["team/app"])):
        ran(build, test, last, config={"images": [name]}, source=app, push=pushing(tmp_path))
        with urlopen(f"http://{host}/v2/_catalog") as answer:
            assert json.load(answer)["repositories"] == repositories
    remove_images(ran.socket, f"{host}/team/app")


def pushing(folder: Path) -> Request:
    """As `ctr-ci run --push` asks for it."""
    return Request(folder=folder, reach=Reach(), quiet=True, use_config=False)
