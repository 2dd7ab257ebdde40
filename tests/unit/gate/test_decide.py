"""What counts as a test of an image, and how a refusal reads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ctr_ci.gate import Gate, Policy, Stage, Verdict, decide
from ctr_ci.record import GateRecord, ImageRecord, NameRecord, Ran, Record, StepRecord

A = "sha256:" + "a" * 64
B = "sha256:" + "b" * 64
BUILDER = "sha256:" + "c" * 64
APP = "eu.example/team/app"


def step(index: int, id: str = "", image: str = BUILDER, exit: int | None = 0, **more: object) -> StepRecord:
    status = "SUCCESS" if exit == 0 else "QUEUED" if exit is None else "FAILURE"
    made = StepRecord(
        index, id, "docker", image, status, exit, False, index * 10.0, index * 10.0 + 9, (), (), None
    )
    return replace(made, **more)  # type: ignore[arg-type]


def record(
    *steps: StepRecord, image: str = A, gates: tuple[GateRecord, ...] = (), since: float = 5.0
) -> Record:
    return Record(
        build_id="b",
        status="SUCCESS",
        started=0,
        finished=100,
        source=(),
        config_path="cloudbuild.yaml",
        config_digest="",
        substitutions=(),
        steps=steps,
        images=(ImageRecord(APP, image, ()),),
        names=(NameRecord(APP, image, since),),
        gates=gates,
    )


def only(found: Record, policy: Policy | None = None) -> Verdict:
    (verdict,) = decide(found, policy or Policy())
    return verdict


BUILT = step(0, "build", built=(A,))


@pytest.mark.parametrize(
    ("test", "passes"),
    [
        (step(1, "unit", image=A), True),  # the step's own container
        (step(1, "unit", ran=(Ran(A, 0, 12.0),)), True),  # docker run in a step
        (step(1, "unit", ran=(Ran(A, 137, 12.0, stopped=True),)), True),  # a server, stopped when done
        (step(1, "unit", ran=(Ran(A, 1, 12.0), Ran(A, 0, 13.0))), True),  # one passed
        (step(1, "unit", ran=(Ran(A, 1, 12.0),)), False),  # docker run app test || true
        # a server that is stopped does not make up for a test that failed
        (step(1, "unit", ran=(Ran(A, 7, 12.0), Ran(A, 137, 13.0, stopped=True))), False),
        (step(1, "unit", ran=(Ran(A, 137, 12.0),)), False),  # out of memory
        (step(1, "unit", image=A, exit=1), False),
        (step(1, "unit", image=A, exit=1, forgiven=True), False),
        (step(1, "unit", image=A, exit=0, forgiven=True), False),
        (step(1, "unit", image=A, exit=None, started=None), False),
        (step(1, "unit", image=A, exit=None, status="TIMEOUT"), False),
        (step(1, "unit", image=B), False),
        (step(1, "unit", ran=(Ran(B, 0, 12.0),)), False),
        (step(1, "unit"), False),
    ],
)
def test_only_a_passed_run_of_this_very_image_is_a_test(test: StepRecord, passes: bool) -> None:
    verdict = only(record(BUILT, test))
    assert verdict.passed is passes
    assert verdict.tested_by == (('Step #1 - "unit"',) if passes else ())
    assert verdict.because
    assert bool(verdict.help) is not passes


@pytest.mark.parametrize(
    ("ran", "said"),
    [
        ((Ran(A, 0, 12.0, program="true"),), " (which ran true in it)"),
        ((Ran(A, 0, 12.0, program="true"), Ran(A, 0, 12.0, program="sh")), " (which ran sh, true in it)"),
        ((Ran(A, 137, 12.0, True, "sh"),), " (which ran sh in it)"),
        ((Ran(A, 0, 12.0, program="true"), Ran(A, 0, 13.0)), ""),
        ((Ran(A, 0, 12.0, program="true"), Ran(A, 1, 13.0)), " (which ran true in it)"),
    ],
)
def test_a_run_of_another_program_says_so(ran: tuple[Ran, ...], said: str) -> None:
    verdict = only(record(BUILT, step(1, "unit", ran=ran)))
    assert verdict.passed
    assert verdict.because == f'tested by Step #1 - "unit"{said}'


def test_a_test_by_another_program_says_so() -> None:
    verdict = only(record(BUILT, step(1, "unit", image=A, entrypoint="true")))
    assert verdict.passed
    assert verdict.because == 'tested by Step #1 - "unit" (which ran true in it)'


def test_a_run_before_the_build_is_no_test_even_of_the_same_bits() -> None:
    verdict = only(record(step(0, image=A), step(1, "build", built=(A,)), since=15.0))
    assert not verdict.passed
    assert verdict.because == 'no step ran it after Step #1 - "build" built it, only before'


def test_one_step_may_build_and_test() -> None:
    both = step(0, "all", built=(A,), ran=(Ran(A, 0, 6.0),))
    assert only(record(both)).tested_by == ('Step #0 - "all"',)


def test_an_image_that_was_there_before_the_build_is_tested_by_any_run_of_it() -> None:
    assert only(record(step(0, "unit", image=A), since=50.0)).passed


def test_a_rebuild_after_the_test_voids_it() -> None:
    tested = step(1, "unit", image=A, name=APP)
    verdict = only(record(BUILT, tested, step(2, "again", built=(B,)), image=B, since=25.0))
    assert not verdict.passed
    assert (
        verdict.because
        == f'Step #1 - "unit" tested {"a" * 12}, but {APP} is {"b" * 12} since Step #2 - "again"'
    )
    assert verdict.help == "move the test behind the last step that builds or tags the image"


@pytest.mark.parametrize(
    ("steps", "because", "help_"),
    [
        (
            (BUILT,),
            'no step ran it after Step #0 - "build" built it',
            f"add a step that runs it: `- name: {APP}`, or `docker run {APP} ...` in a step",
        ),
        (
            (BUILT, step(1, "unit", image=A, exit=3)),
            'its test Step #1 - "unit" ended with exit 3',
            "mend what the step's log shows, then `ctr-ci run` again",
        ),
        (
            (BUILT, step(1, "unit", image=A, exit=3, forgiven=True)),
            'its test Step #1 - "unit" ended with exit 3; a test that allowFailure excuses is no test',
            "mend what the step's log shows, then `ctr-ci run` again",
        ),
        (
            (BUILT, step(1, ran=(Ran(A, 2, 12.0),))),
            f"Step #1 ran it ({'a' * 12}), but what it ran ended with exit 2",
            "let the step fail when its test fails, mend the test, then `ctr-ci run` again",
        ),
    ],
)
def test_a_refusal_names_what_is_missing_and_the_way_out(
    steps: tuple[StepRecord, ...], because: str, help_: str
) -> None:
    verdict = only(record(*steps))
    assert (verdict.because, verdict.help) == (because, help_)
    assert "\n" not in verdict.because + verdict.help


TEST_STAGE = Stage("test", ("unit", "2"), gate=True)


@pytest.mark.parametrize(
    ("steps", "passes", "because"),
    [
        ((step(1, "unit", image=A), step(2)), True, 'stage test tested it in Step #1 - "unit"'),
        ((step(1, "unit", image=A), step(2, exit=1)), False, "stage test: Step #2 did not pass"),
        (
            (step(1, "unit", image=A, forgiven=True), step(2)),
            False,
            'stage test: Step #1 - "unit" did not pass',
        ),
        (
            (step(1, "unit"), step(2)),
            False,
            "stage test passed, but none of its steps ran this image (aaaaaaaaaaaa)",
        ),
        (
            (step(1, "unit"), step(2), step(3, "smoke", image=A)),
            False,
            "stage test passed, but none of its steps ran this image (aaaaaaaaaaaa)",
        ),
    ],
)
def test_a_gate_stage_needs_all_its_steps_and_a_run_of_the_image(
    steps: tuple[StepRecord, ...], passes: bool, because: str
) -> None:
    verdict = only(record(BUILT, *steps), Policy(stages=(TEST_STAGE,)))
    assert (verdict.passed, verdict.because) == (passes, because)


WEIGHT = Gate("weight", ())


@pytest.mark.parametrize(
    ("gates", "passes", "because"),
    [
        ((GateRecord("weight", A, "passed", ""),), True, "gate weight passed"),
        ((GateRecord("weight", A, "failed", "5 MB over"),), False, "gate weight: 5 MB over"),
        (
            (GateRecord("weight", A, "passed", ""), GateRecord("weight", A, "failed", "5 MB over")),
            False,
            "gate weight: 5 MB over",
        ),
        (
            (GateRecord("weight", B, "passed", ""),),
            False,
            "gate weight has not seen this image (aaaaaaaaaaaa); it saw bbbbbbbbbbbb",
        ),
        ((), False, "gate weight has not seen this image (aaaaaaaaaaaa)"),
    ],
)
def test_a_gate_binds_to_the_image_id(gates: tuple[GateRecord, ...], passes: bool, because: str) -> None:
    policy = Policy(require=("weight",), gates=(WEIGHT,))
    verdict = only(record(BUILT, gates=gates), policy)
    assert (verdict.passed, verdict.because) == (passes, because)


def test_without_a_gate_stage_declared_gates_come_on_top_of_the_implicit_rule() -> None:
    policy = Policy(gates=(WEIGHT,))
    passed = (GateRecord("weight", A, "passed", ""),)
    assert not only(record(BUILT, gates=passed), policy).passed
    tested = record(BUILT, step(1, "unit", image=A), gates=passed)
    assert only(tested, policy).tested_by == ('Step #1 - "unit"', "weight")


def test_a_gate_for_another_image_is_not_asked_of_this_one() -> None:
    policy = Policy(gates=(replace(WEIGHT, images=("other",)),))
    assert only(record(BUILT, step(1, image=A)), policy).passed


def test_a_required_name_that_nobody_declared_refuses() -> None:
    verdict = only(record(BUILT, step(1, image=A)), Policy(require=("tset",), stages=(TEST_STAGE,)))
    assert verdict.because == "'tset', which the policy requires, is neither a stage nor a gate"
    assert "test" in verdict.help


def test_a_record_without_images_has_no_verdicts() -> None:
    assert decide(replace(record(BUILT), images=()), Policy()) == ()
