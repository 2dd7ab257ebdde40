"""The engine's calls, the same by plain HTTP, by docker-py, and over TCP."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ctr_ci.engine import BUILD_LABEL, OWNER_LABEL, Bind, CannotStart, ContainerSpec, Engine, Owned, connect
from ctr_ci.engine.address import Address
from ctr_ci.engine.docker import DockerEngine
from ctr_ci.problem import WorldError
from testbed.tcp import over_tcp


@pytest.fixture(params=["plain", "docker-py", "tcp"])
def engine(request: pytest.FixtureRequest, engine_socket: str) -> Iterator[Engine]:
    url = f"unix://{engine_socket}"
    if request.param == "tcp":
        with over_tcp(engine_socket) as url, closing(connect(url)) as made:
            assert made.socket == ""
            yield made
    elif request.param == "docker-py":
        with closing(DockerEngine(Address(url))) as made:
            yield made
    else:
        with closing(connect(url)) as made:
            assert made.socket == engine_socket
            yield made


@pytest.fixture
def build_id(engine_socket: str) -> Iterator[str]:
    made = str(uuid.uuid4())
    yield made
    with closing(connect(f"unix://{engine_socket}")) as engine:
        for thing in ours(engine, made):
            remove = {"container": engine.remove, "network": engine.remove_network}
            remove.get(thing.kind, engine.remove_volume)(thing.id)


def spec(image: str, build_id: str, *command: str, **more: object) -> ContainerSpec:
    labels = ((BUILD_LABEL, build_id), (OWNER_LABEL, "nobody"))
    return ContainerSpec(image, labels, command=command, **more)  # type: ignore[arg-type]


def ours(engine: Engine, build_id: str) -> list[Owned]:
    return [thing for thing in engine.owned() if thing.build_id == build_id]


def test_a_container_runs_and_its_output_comes_by_stream(
    engine: Engine, busybox: str, build_id: str, tmp_path: Path
) -> None:
    (tmp_path / "f").write_text("bound")
    tmp_path.chmod(0o755)
    script = "cat /b/f; echo; echo $X; pwd; id -u; echo err >&2; touch /b/g || echo readonly; exit 7"
    made = engine.create(
        spec(
            busybox,
            build_id,
            "sh",
            "-c",
            script,
            env=(("X", "a=b"),),
            workdir="/mnt",
            user="5",
            binds=(Bind(str(tmp_path), "/b", read_only=True),),
        )
    )
    with closing(engine.attach(made)) as attached:
        engine.start(made)
        pieces = list(attached)
    assert engine.wait(made) == 7
    out = b"".join(piece.data for piece in pieces if piece.stream == "stdout")
    assert out == b"bound\na=b\n/mnt\n5\nreadonly\n"
    assert b"err\n" in b"".join(piece.data for piece in pieces if piece.stream == "stderr")
    assert [thing.kind for thing in ours(engine, build_id)] == ["container"]
    engine.remove(made)
    engine.remove(made)
    assert ours(engine, build_id) == []


def test_a_killed_container_ends_its_output(engine: Engine, busybox: str, build_id: str) -> None:
    made = engine.create(spec(busybox, build_id, "sh", "-c", "trap '' TERM; sleep 60"))
    with closing(engine.attach(made)) as attached:
        engine.start(made)
        engine.kill(made)
        assert list(attached) == []
    assert engine.wait(made) == 137
    assert not engine.oom_killed(made)
    engine.kill(made)
    engine.remove(made)


def test_networks_and_volumes_come_and_go(engine: Engine, build_id: str) -> None:
    labels = ((BUILD_LABEL, build_id), (OWNER_LABEL, "nobody"))
    network, volume = f"ctr-ci-test-{build_id}", f"ctr-ci-test-{build_id}"
    engine.create_network(network, labels)
    assert engine.create_volume(volume, labels) == volume
    assert sorted(thing.kind for thing in ours(engine, build_id)) == ["network", "volume"]
    engine.remove_network(network)
    engine.remove_volume(volume)
    engine.remove_network(network)
    engine.remove_volume(volume)
    assert ours(engine, build_id) == []


def test_images_are_found_named_and_exported(engine: Engine, busybox: str) -> None:
    image = engine.image(busybox)
    assert image is not None
    assert engine.image(image.id) == image
    assert engine.image("ctr-ci.test/nowhere:1") is None
    assert image.os == "linux"
    assert image.layers
    data = b"".join(engine.export(image.id))
    assert b"manifest.json" in data
    assert len(data) > image.size_bytes


def test_a_container_that_cannot_start_is_told_from_an_engine_that_fails(
    engine: Engine, busybox: str, build_id: str
) -> None:
    made = engine.create(spec(busybox, build_id, "nowhere"))
    with pytest.raises(CannotStart, match='exec: "nowhere": executable file not found'):
        engine.start(made)
    engine.remove(made)
    with pytest.raises(WorldError, match="No such image") as caught:
        engine.create(spec("ctr-ci.test/nowhere:1", build_id))
    assert not isinstance(caught.value, CannotStart)


def test_a_pull_that_fails_says_why(engine: Engine) -> None:
    with pytest.raises(WorldError, match="pull"):
        list(engine.pull("127.0.0.1:1/nowhere:1"))


def test_logins_of_the_user_are_never_used(
    engine_socket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(
        '{"auths": {"host.invalid": {"auth": "broken, so loading it fails"}}}'
    )
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with closing(DockerEngine(Address(f"unix://{engine_socket}"))) as engine:
        assert engine.version()
        with pytest.raises(WorldError, match=r"no such host|lookup|refused"):
            list(engine.pull("host.invalid/x:1"))
