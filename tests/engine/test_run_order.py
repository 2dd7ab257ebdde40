"""Order, failure, forgiveness and time on a real engine."""

from __future__ import annotations

import time

import pytest

from ctr_ci.problem import Exit, InputError
from ctr_ci.verbs.selection import Selection
from testbed.builds import Builds, Ran, sh


def overlap(done: Ran, first: int, second: int) -> bool:
    a, b = done.record.steps[first], done.record.steps[second]
    assert None not in (a.started, a.finished, b.started, b.finished)
    return bool(a.started < b.finished and b.started < a.finished)  # type: ignore[operator]


def test_42_steps_run_in_parallel_where_wait_for_allows(ran: Builds) -> None:
    done = ran(
        sh("sleep 1", id="a", waitFor=["-"]),
        sh("sleep 1", id="b", waitFor=["-"]),
        sh("true", id="c", waitFor=["a"]),
        sh("true", id="d"),
        sh("true", id="e", waitFor=["-", "b"]),
    )
    assert done.exit is Exit.DONE
    assert overlap(done, 0, 1)
    assert not overlap(done, 0, 2)
    assert not any(overlap(done, 3, other) for other in (0, 1, 2))
    assert not overlap(done, 1, 4)


def test_the_number_of_parallel_steps_can_be_limited(ran: Builds) -> None:
    done = ran(sh("sleep 0.3", waitFor=["-"]), sh("sleep 0.3", waitFor=["-"]), jobs=1)
    assert not overlap(done, 0, 1)


def test_49_a_failure_ends_parallel_steps_and_starts_no_other(ran: Builds) -> None:
    start = time.monotonic()
    done = ran(
        sh("sleep 0.5; exit 3", id="a", waitFor=["-"]),
        sh("trap '' TERM INT; sleep 60", id="b", waitFor=["-"]),
        sh("echo never"),
    )
    assert time.monotonic() - start < 20
    assert done.exit is Exit.NO
    assert (done.record.status, done.statuses) == ("FAILURE", ["FAILURE", "CANCELLED", "QUEUED"])
    assert done.record.steps[0].exit_code == 3
    assert "never" not in done.out
    assert f'build step 0 "{ran.image}" failed: step exited with non-zero status: 3' in done.err
    assert "it ran: sh -c 'sleep 0.5; exit 3'" in done.err


def test_the_last_lines_of_a_failed_step_are_shown_again_at_the_end(ran: Builds) -> None:
    done = ran(sh("for i in $(seq 30); do echo line $i; done; exit 1"), sh("true"))
    last = done.err.split("last lines of Step #0:\n")[1]
    assert "    line 30\n" in last
    assert "    line 18\n" not in last


def test_50_a_forgiven_failure_lets_others_go_on(ran: Builds) -> None:
    done = ran(sh("exit 3", id="a", allowFailure=True), sh("echo on", waitFor=["a"]))
    assert (done.exit, done.record.status) == (Exit.DONE, "SUCCESS")
    assert [(step.status, step.forgiven) for step in done.record.steps] == [
        ("FAILURE", True),
        ("SUCCESS", False),
    ]
    assert "Step #1: on\n" in done.out


@pytest.mark.parametrize(("code", "status"), [(3, "SUCCESS"), (4, "FAILURE")])
def test_51_52_exit_codes_decide_before_allow_failure(ran: Builds, code: int, status: str) -> None:
    done = ran(sh(f"exit {code}", allowFailure=True, allowExitCodes=[3]))
    assert done.record.status == status


def test_55_a_step_that_runs_too_long_fails_the_build(ran: Builds) -> None:
    done = ran(sh("sleep 60", timeout="1s"), sh("true"))
    assert done.exit is Exit.NO
    assert (done.record.status, done.statuses) == ("FAILURE", ["TIMEOUT", "QUEUED"])
    assert "failed: context deadline exceeded" in done.err
    assert "its own timeout of 1 s" in done.err


def test_a_step_that_runs_too_long_is_forgiven_like_any_failure(ran: Builds) -> None:
    done = ran(sh("sleep 60", timeout="1s", allowFailure=True), sh("echo on"))
    assert (done.exit, done.statuses) == (Exit.DONE, ["TIMEOUT", "SUCCESS"])
    assert done.record.steps[0].forgiven


def test_56_a_build_that_runs_too_long_times_out(ran: Builds) -> None:
    done = ran(sh("sleep 60"), sh("true"), config={"timeout": "2s"})
    assert (done.exit, done.record.status) == (Exit.TIMEOUT, "TIMEOUT")
    assert "ERROR: context deadline exceeded" in done.err
    assert "the build's timeout, 2 s" in done.err


def test_a_program_that_is_not_in_the_image_fails_the_step(ran: Builds) -> None:
    done = ran({"args": ["-c", "exit 1"]}, sh("true"))
    assert (done.exit, done.statuses) == (Exit.NO, ["FAILURE", "QUEUED"])
    assert "the image has no ENTRYPOINT, so args[0] is the program: '-c'" in done.err


def test_an_image_that_cannot_be_had_is_named_with_a_way_out(ran: Builds) -> None:
    done = ran({"name": "host.invalid/team/tool:1"}, pull="never")
    assert (done.exit, done.record.status) == (Exit.WORLD, "FAILURE")
    assert "no image host.invalid/team/tool:1" in done.err
    assert "--builder host.invalid/team/tool=IMAGE" in done.err


def test_a_failed_pull_fails_the_build(ran: Builds) -> None:
    done = ran({"name": "127.0.0.1:1/team/tool:1"})
    assert (done.exit, done.record.status) == (Exit.WORLD, "FAILURE")
    assert "Pulling image: 127.0.0.1:1/team/tool:1" in done.err


def test_another_image_can_stand_in_for_a_builder(ran: Builds) -> None:
    done = ran({"name": "host.invalid/team/tool:1", "args": ["echo", "hi"]}, builders=(f"tool={ran.image}",))
    assert done.out == "hi\n"


def test_53_an_image_that_no_step_made_fails_the_build(ran: Builds) -> None:
    done = ran(sh("exit 1", allowFailure=True), config={"images": ["ctr-ci.test/nowhere"]})
    assert (done.exit, done.record.status) == (Exit.NO, "FAILURE")
    wanted = 'failed to find one or more images after execution of build steps: ["ctr-ci.test/nowhere"]'
    assert wanted in done.err


@pytest.mark.parametrize(
    ("selection", "ran_steps"),
    [
        (Selection(only=("b",)), "b"),
        (Selection(skip=("b", "0")), "c"),
        (Selection(first="b"), "bc"),
        (Selection(last="b"), "ab"),
        (Selection(first="b", last="#1"), "b"),
    ],
)
def test_a_part_of_the_steps_can_be_run(ran: Builds, selection: Selection, ran_steps: str) -> None:
    done = ran(*(sh(f"echo {name}", id=name) for name in "abc"), selection=selection)
    assert done.exit is Exit.DONE
    assert [step.id for step in done.record.steps if step.status == "SUCCESS"] == list(ran_steps)
    assert all(step.status in ("SUCCESS", "SKIPPED") for step in done.record.steps)


def test_a_step_that_is_not_there_cannot_be_chosen(ran: Builds) -> None:
    with pytest.raises(InputError, match="no step 'x'; expected one of a, 1"):
        ran(sh("true", id="a"), sh("true"), selection=Selection(only=("x",)))
