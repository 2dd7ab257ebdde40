"""What a step's container is, in Cloud Build's terms."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ctr_ci.engine import Bind, ContainerSpec
from ctr_ci.plan import Mount, Step
from ctr_ci.runner.container import container, interpreter
from ctr_ci.runner.ground import Near
from ctr_ci.value import replace

STEP = Step(0, "", "img", None, ("echo", "a b", "*", "&&"), None, (), (), "/workspace", (), frozenset())
BINDS = (Bind("/b/w", "/workspace"),)


def made(step: Step, **options: str) -> ContainerSpec:
    return container(step, "sha256:1", BINDS, name="n", labels=(("l", "1"),), network="net", **options)  # type: ignore[arg-type]


def test_arguments_reach_the_image_as_they_are() -> None:
    spec = made(STEP)
    assert (spec.entrypoint, spec.command) == (None, ("echo", "a b", "*", "&&"))
    assert (spec.image, spec.network, spec.workdir) == ("sha256:1", "net", "/workspace")


def test_without_arguments_the_image_runs_its_own_command() -> None:
    assert made(replace(STEP, args=None)).command is None


def test_an_entrypoint_drops_the_images_command() -> None:
    spec = made(replace(STEP, entrypoint="bash", args=None))
    assert (spec.entrypoint, spec.command) == (("bash",), ())


def test_a_step_sees_the_build_and_docker_and_gains_no_privilege() -> None:
    spec = made(STEP, socket="/b/0.sock")
    assert spec.binds == (*BINDS, Bind("/b/0.sock", "/var/run/docker.sock"))
    assert made(STEP).binds == BINDS
    assert spec.no_new_privileges


def test_folders_of_the_build_are_bound_and_open_to_every_user(tmp_path: Path) -> None:
    umask = os.umask(0o077)
    try:
        ground = Near(Path("/w"), tmp_path, (("cache", "ctr-ci-1-cache"),))
        binds = ground.binds(replace(STEP, mounts=(Mount("cache", "/go"),), script="x"))
    finally:
        os.umask(umask)
    assert [(bind.source.removeprefix(str(tmp_path)), bind.target) for bind in binds] == [
        ("/w", "/workspace"),
        ("/home", "/builder/home"),
        ("/outputs/0", "/builder/outputs"),
        ("ctr-ci-1-cache", "/go"),
        ("/scripts/0", "/cloudbuild/script"),
    ]
    assert binds[-1].read_only
    assert [os.stat(binds[at].source).st_mode & 0o777 for at in (1, 2, 4)] == [0o755] * 3


def test_a_script_runs_by_its_interpreter_alone() -> None:
    spec = made(replace(STEP, args=None, script="#!/usr/bin/env python3\nprint(1)\n"))
    assert spec.entrypoint == ("/usr/bin/env", "python3", "/cloudbuild/script")
    assert spec.command == ()


def test_the_environment_is_complete_and_the_steps_own_wins() -> None:
    spec = made(replace(STEP, env=(("X", "1"), ("HOME", "/h"), ("X", "2"))), secrets=(("S", "v"),))  # type: ignore[arg-type]
    assert spec.env == (("BUILDER_OUTPUT", "/builder/outputs"), ("HOME", "/h"), ("S", "v"), ("X", "2"))


@pytest.mark.parametrize(
    ("script", "argv"),
    [
        ("echo hi", ("/bin/sh",)),
        ("", ("/bin/sh",)),
        ("\n#!/bin/bash\n", ("/bin/sh",)),
        ("#!/bin/bash\n", ("/bin/bash",)),
        ("#! /bin/bash -e -x \n", ("/bin/bash", "-e -x")),
        ("#!/bin/bash\r\n", ("/bin/bash\r",)),
    ],
)
def test_a_shebang_is_read_as_the_kernel_does(script: str, argv: tuple[str, ...]) -> None:
    assert interpreter(script) == argv
