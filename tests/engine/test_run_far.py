"""Builds on an engine that does not see our files: all is carried through its API."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctr_ci.problem import Exit
from testbed.builds import Builds, sh
from testbed.tcp import over_tcp


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "run.sh").write_text("#!/bin/sh\necho ran by $(id -u)\n")
    (folder / "deep" / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("deep/run.sh")
    return folder


def test_a_build_runs_over_tcp_as_it_does_here(ran: Builds, source: Path) -> None:
    with over_tcp(ran.socket) as url:
        done = ran(
            sh(
                "./link; echo w >new; echo h >~/f; stat -c %u:%a deep/run.sh;"
                "printf out >$BUILDER_OUTPUT/output"
            ),
            {
                "script": "#!/bin/sh\ncat new ~/f; ls /builder/outputs; touch /v/x",
                "volumes": [{"name": "vol", "path": "/v"}],
            },
            sh("ls /v", volumes=[{"name": "vol", "path": "/v"}]),
            source=source,
            engine=url,
        )
    assert done.exit is Exit.DONE
    assert done.out.splitlines() == [
        "Step #0: ran by 0",
        "Step #0: 0:755",
        "Step #1: w",
        "Step #1: h",
        "Step #2: x",
    ]
    assert done.record.steps[0].output == b"out"
    assert not (source / "new").exists()
    assert "steps get no Docker" in done.err


def test_artifacts_come_back(ran: Builds, source: Path, tmp_path: Path) -> None:
    done = ran(
        sh("mkdir out; echo made >out/f"),
        config={"artifacts": {"objects": {"location": "gs://bucket/there/", "paths": ["out/*"]}}},
        source=source,
        carry_files=True,
    )
    assert done.exit is Exit.DONE
    [kept] = [path for path in tmp_path.rglob("f") if "bucket" in str(path)]
    assert kept.read_text() == "made\n"


def test_trusted_steps_use_the_engines_own_socket(ran: Builds, docker_builder: str, source: Path) -> None:
    done = ran(
        {"name": docker_builder, "args": ["version", "--format", "{{.Server.Os}}"]},
        source=source,
        carry_files=True,
        trust_steps=True,
    )
    assert done.out == "linux\n"
