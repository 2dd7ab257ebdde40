"""Gathers what is wrong with one file, so that all of it is told at once."""

from __future__ import annotations

from ctr_ci.problem import InputError, Problem
from ctr_ci.source import Source, Span


class Complaints:
    """Errors and warnings about one source, in the order found."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []

    def error(self, span: Span | None, found: str, expected: str = "", way_out: str = "") -> None:
        self._add(Problem(found, expected, way_out, self._path(span), span))

    def warn(self, span: Span | None, found: str, expected: str = "", way_out: str = "") -> None:
        self._add(Problem(found, expected, way_out, self._path(span), span, "warning"))

    def _path(self, span: Span | None) -> str:
        """No place: the command line is to blame, not the file."""
        return self.source.path if span else ""

    def _add(self, problem: Problem) -> None:
        if problem not in self.problems:
            self.problems.append(problem)

    def settle(self) -> tuple[Problem, ...]:
        """The warnings, in the file's order. Raises InputError with the errors where there are any."""
        errors = tuple(p for p in self.problems if p.kind == "error")
        if errors:
            raise InputError(*sorted(errors, key=_place))
        return tuple(sorted(self.problems, key=_place))


def _place(problem: Problem) -> tuple[int, int]:
    return (problem.span.start.line, problem.span.start.column) if problem.span else (0, 0)
