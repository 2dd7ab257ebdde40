"""What a failed step tells its reader."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ctr_ci.engine import Image
from ctr_ci.plan import Step
from ctr_ci.runner.story import StepFailure, command, tell
from ctr_ci.value import replace

STEP = Step(3, "", "img", None, ("make", "all it"), None, (), (), "/workspace", (), frozenset())
IMAGE = Image("sha256:1", (), (), 0, "", ("/entry",), ("cmd",), "", (), (), "linux", "amd64", "")
FAILURE = StepFailure(STEP, IMAGE, 2, out_of_memory=False, last=())


def test_it_names_step_image_code_and_command() -> None:
    problem = tell(FAILURE, "FAILURE")
    assert problem.found == 'build step 3 "img" failed: step exited with non-zero status: 2'
    assert problem.help == "it ran: /entry make 'all it'"


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (replace(STEP, args=None), "/entry cmd"),
        (replace(STEP, entrypoint="bash", args=("-c", "x")), "bash -c x"),
        (replace(STEP, args=None, script="#!/bin/bash\n\nset -e\nfalse\n"), "script: set -e …"),
        (replace(STEP, args=None, script=""), "an empty script"),
    ],
)
def test_the_command_is_what_ran(step: Step, line: str) -> None:
    assert command(replace(FAILURE, step=step)) == line


def test_a_step_timeout_says_its_limit() -> None:
    problem = tell(replace(FAILURE, step=replace(STEP, timeout=timedelta(seconds=90))), "TIMEOUT")
    assert problem.found.endswith("failed: context deadline exceeded")
    assert "its own timeout of 90 s" in problem.help


def test_a_user_who_may_not_write_the_workspace_is_explained() -> None:
    failure = replace(FAILURE, image=replace(IMAGE, user="node"), last=("EACCES: permission denied",))
    assert "/workspace belongs to root, as on Cloud Build" in tell(failure, "FAILURE").help


def test_root_is_not_told_about_users() -> None:
    assert "belongs to root" not in tell(replace(FAILURE, last=("Permission denied",)), "FAILURE").help


def test_no_memory_left_is_said() -> None:
    assert "memory" in tell(replace(FAILURE, code=137, out_of_memory=True), "FAILURE").help


def test_a_missing_program_is_said_with_the_images_rule() -> None:
    failure = replace(FAILURE, image=replace(IMAGE, entrypoint=()), step=replace(STEP, args=("-c", "x")))
    problem = tell(failure, "FAILURE", 'exec: "-c": executable file not found in $PATH')
    assert problem.help == "the image has no ENTRYPOINT, so args[0] is the program: '-c'"


def test_a_script_with_dos_line_ends_is_said() -> None:
    failure = replace(FAILURE, step=replace(STEP, args=None, script="#!/bin/sh\r\necho\r\n"))
    assert "carriage return" in tell(failure, "FAILURE", "exec: no such file or directory").help
