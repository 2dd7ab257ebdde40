"""How a complaint reads, and which exit code it means."""

from __future__ import annotations

import pytest

from ctr_ci.problem import (
    CtrCiError,
    InputError,
    Interrupted,
    Problem,
    Refused,
    TimedOut,
    WorldError,
)
from ctr_ci.source import Position, Span

PROBLEM = Problem(
    "unknown key 'stpes'",
    expected="a field of Build",
    help="did you mean 'steps'?",
    path="cloudbuild.yaml",
    span=Span(Position(3, 5), Position(3, 10)),
)


def test_a_problem_says_place_found_expected_and_the_way_out() -> None:
    assert PROBLEM.render() == (
        "cloudbuild.yaml:3:5: error: unknown key 'stpes'; expected a field of Build\n"
        "help: did you mean 'steps'?"
    )


def test_what_is_not_known_is_not_shown() -> None:
    assert Problem("engine down").render() == "error: engine down"
    assert Problem("odd", path="f", kind="warning").render() == "f: warning: odd"


def test_the_json_form_has_the_same_facts() -> None:
    assert PROBLEM.as_json() == {
        "path": "cloudbuild.yaml",
        "line": 3,
        "column": 5,
        "kind": "error",
        "message": "unknown key 'stpes'; expected a field of Build",
        "help": "did you mean 'steps'?",
    }
    assert Problem("engine down").as_json()["line"] is None


@pytest.mark.parametrize(
    ("kind", "code"), [(Refused, 1), (InputError, 2), (WorldError, 3), (TimedOut, 4), (CtrCiError, 70)]
)
def test_the_class_of_an_error_is_its_exit_code(kind: type[CtrCiError], code: int) -> None:
    error = kind(PROBLEM, Problem("second"))
    assert error.exit == code
    assert str(error).endswith("error: second")


def test_an_interrupt_tells_its_signal() -> None:
    assert int(Interrupted(2).exit) == 130
    assert int(Interrupted(15).exit) == 143


def test_no_word_of_a_file_acts_on_the_terminal_or_begins_a_line() -> None:
    hostile = "a\n::error::x\x1b[2J\u202e"
    shown = Problem(hostile, expected=hostile, help="h\x1b", path=hostile).render()
    assert shown.count("\n") == 1  # of the help
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "a\\n::error::x\\x1b[2J\\u202e" in shown
