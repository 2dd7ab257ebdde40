"""A build as JUnit XML."""

from __future__ import annotations

from xml.etree import ElementTree

from ctr_ci.events import BuildFinished, BuildStarted, GateDecided, StepFinished, StepOutput, StepStarted
from ctr_ci.problem import Problem
from ctr_ci.report.junit_run import junit_run

STEPS = ((0, "build", "docker"), (1, "", "app"), (2, "deploy", "x"), (3, "late", "x"))
STARTED = BuildStarted("b1", 100.0, (), "c", "", (), STEPS, ())


def test_steps_and_gates_are_cases() -> None:
    report = ElementTree.fromstring(
        junit_run(
            [
                STARTED,
                StepStarted(100.0, 0, "x"),
                StepFinished(101.5, 0, "SUCCESS", 0),
                StepStarted(101.5, 1, "x"),
                StepOutput(102.0, 1, "stdout", b"bad \x1b[31m<&> \x00\xff\n"),
                StepFinished(102.5, 1, "FAILURE", 3),
                StepStarted(101.5, 2, "x"),
                StepFinished(102.5, 2, "FAILURE", 4, forgiven=True),
                StepFinished(102.5, 3, "QUEUED", None),
                GateDecided(103.0, "weight", "sha256:0123456789abcdef", "failed", "too heavy"),
                BuildFinished(103.0, "FAILURE", Problem("step failed")),
            ]
        )
    )
    cases = {case.get("name"): case for case in report.iter("testcase")}
    assert list(cases) == ["#0 build", "#1 app", "#2 deploy", "#3 late", "weight 0123456789ab"]
    assert cases["#0 build"].get("time") == "1.500"
    failure = cases["#1 app"].find("failure")
    assert failure is not None
    assert failure.get("message") == "FAILURE with exit code 3"
    assert "<&>" in (cases["#1 app"].findtext("system-out") or "")
    assert cases["#2 deploy"].find("failure") is None
    assert "forgiven" in (cases["#2 deploy"].findtext("system-out") or "")
    assert cases["#3 late"].find("skipped") is not None
    suite = report.find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("5", "2", "1")


def test_a_build_that_no_step_failed_has_a_case_of_its_own() -> None:
    report = junit_run([STARTED, BuildFinished(101.0, "INTERNAL_ERROR", Problem("the engine is gone"))])
    assert 'message="the engine is gone"' in report
