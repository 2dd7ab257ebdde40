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
        self._add(span, found, expected, way_out, "error")

    def warn(self, span: Span | None, found: str, expected: str = "", way_out: str = "") -> None:
        self._add(span, found, expected, way_out, "warning")

    def _add(self, span: Span | None, found: str, expected: str, way_out: str, kind: str) -> None:
        """No span, or a config that is no file: the command line is to blame."""
        if self.source.path.startswith("--"):
            problem = Problem(f"{self.source.path}: {found}", expected, way_out, kind=kind)
        else:
            problem = Problem(found, expected, way_out, self.source.path if span else "", span, kind)
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
