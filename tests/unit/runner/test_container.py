"""What a step's container is, in Cloud Build's terms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ctr_ci.engine import Bind, ContainerSpec
from ctr_ci.plan import Mount, Step
from ctr_ci.runner.container import Ground, container, interpreter

STEP = Step(0, "", "img", None, ("echo", "a b", "*", "&&"), None, (), (), "/workspace", (), frozenset())
GROUND = Ground(Path("/b/w"), Path("/b/h"), Path("/b/o"), Path("/b/s"), (("cache", "ctr-ci-1-cache"),))


def made(step: Step, **options: str) -> ContainerSpec:
    return container(step, "sha256:1", GROUND, name="n", labels=(("l", "1"),), network="net", **options)  # type: ignore[arg-type]


def test_arguments_reach_the_image_as_they_are() -> None:
    spec = made(STEP)
    assert (spec.entrypoint, spec.command) == (None, ("echo", "a b", "*", "&&"))
    assert (spec.image, spec.network, spec.workdir) == ("sha256:1", "net", "/workspace")


def test_without_arguments_the_image_runs_its_own_command() -> None:
    assert made(replace(STEP, args=None)).command is None


def test_an_entrypoint_drops_the_images_command() -> None:
    spec = made(replace(STEP, entrypoint="bash", args=None))
    assert (spec.entrypoint, spec.command) == (("bash",), ())


def test_a_step_sees_workspace_home_outputs_volumes_and_docker() -> None:
    spec = made(replace(STEP, mounts=(Mount("cache", "/go"),)), socket="/b/0.sock")
    assert spec.binds == (
        Bind("/b/w", "/workspace"),
        Bind("/b/h", "/builder/home"),
        Bind("/b/o/0", "/builder/outputs"),
        Bind("ctr-ci-1-cache", "/go"),
        Bind("/b/0.sock", "/var/run/docker.sock"),
    )
    assert spec.no_new_privileges


def test_a_script_runs_by_its_interpreter_alone() -> None:
    spec = made(replace(STEP, args=None, script="#!/usr/bin/env python3\nprint(1)\n"))
    assert spec.entrypoint == ("/usr/bin/env", "python3", "/cloudbuild/script")
    assert spec.command == ()
    assert spec.binds[-1] == Bind("/b/s/0", "/cloudbuild/script", read_only=True)


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
