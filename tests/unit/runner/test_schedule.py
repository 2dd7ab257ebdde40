"""Order, failure and limits of a build's steps, decided without an engine."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ctr_ci.runner.schedule import Drop, Ended, Halt, Schedule, Start, Stop, advance, width


def after(*waits: set[int]) -> tuple[frozenset[int], ...]:
    return tuple(map(frozenset, waits))


def test_a_step_starts_when_all_it_waits_for_have_passed() -> None:
    state, commands = advance(Schedule(after(set(), set(), {0, 1})), None)
    assert commands == (Start(0), Start(1))
    state, commands = advance(state, Ended(0, ok=True))
    assert commands == ()
    state, commands = advance(state, Ended(1, ok=True))
    assert commands == (Start(2),)
    state, _ = advance(state, Ended(2, ok=True))
    assert state.over


def test_a_failure_stops_what_runs_and_drops_what_waits() -> None:
    state, _ = advance(Schedule(after(set(), set(), {0}, set())), None)
    state, commands = advance(state, Ended(1, ok=False))
    assert commands == (Stop(0), Stop(3), Drop(2))
    assert not state.over
    state, commands = advance(state, Ended(0, ok=False))
    assert commands == ()
    state, _ = advance(state, Ended(3, ok=True))
    assert state.over


def test_a_halt_stops_everything_once() -> None:
    state, _ = advance(Schedule(after(set(), {0})), None)
    state, commands = advance(state, Halt())
    assert commands == (Stop(0), Drop(1))
    assert advance(state, Halt()) == (state, ())


def test_a_skipped_step_counts_as_done() -> None:
    state, commands = advance(Schedule(after(set(), {0}), done=frozenset({0})), None)
    assert commands == (Start(1),)
    assert advance(state, Ended(1, ok=True))[0].over


def test_the_limit_holds_steps_back_in_order() -> None:
    state, commands = advance(Schedule(after(set(), set(), set()), limit=2), None)
    assert commands == (Start(0), Start(1))
    _, commands = advance(state, Ended(1, ok=True))
    assert commands == (Start(2),)


def test_a_build_whose_steps_are_all_skipped_is_over() -> None:
    state, commands = advance(Schedule(after(set()), done=frozenset({0})), None)
    assert (state.over, commands) == (True, ())


def test_width_counts_the_steps_of_the_widest_wave() -> None:
    assert width(after(set(), {0}, {1})) == 1
    assert width(after(set(), {0}, {0}, {0}, {1, 2, 3})) == 3
    assert width(()) == 0


@st.composite
def graphs(draw: st.DrawFn) -> tuple[frozenset[int], ...]:
    size = draw(st.integers(1, 8))
    return tuple(
        draw(st.frozensets(st.integers(0, i - 1), max_size=3)) if i else frozenset() for i in range(size)
    )


@given(graphs(), st.integers(1, 3), st.data())
def test_every_step_ends_once_and_none_starts_before_its_time(
    graph: tuple[frozenset[int], ...], limit: int, data: st.DataObject
) -> None:
    state, commands = advance(Schedule(graph, limit), None)
    started: list[int] = []
    dropped: list[int] = []
    passed: set[int] = set()
    while True:
        for command in commands:
            if isinstance(command, Start):
                assert graph[command.step] <= passed
                started.append(command.step)
            elif isinstance(command, Drop):
                dropped.append(command.step)
        assert len(state.running) <= limit
        if state.over:
            break
        step = data.draw(st.sampled_from(sorted(state.running)))
        ok = data.draw(st.booleans())
        passed |= {step} if ok else set()
        state, commands = advance(state, Ended(step, ok))
    assert sorted(started + dropped) == list(range(len(graph)))
