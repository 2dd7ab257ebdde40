"""What went wrong, where, and what to do: the one shape of every complaint of ctr-ci.

A `Problem` is data. A `CtrCiError` carries some, and its class says whose move it is, which is
the exit code. Anything else that reaches a door is a bug of ours (exit 70).
"""

from __future__ import annotations

from enum import IntEnum

from ctr_ci.source import Span, visible
from ctr_ci.value import value


class Exit(IntEnum):
    """The exit codes of every command."""

    DONE = 0
    NO = 1  # the work says no: findings, a failed step or gate, a publish refused by policy
    INPUT = 2  # usage, unreadable or invalid file, invalid config
    WORLD = 3  # engine unreachable, pull failed, registry down, credential refused
    TIMEOUT = 4
    BUG = 70
    INTERRUPTED = 130
    TERMINATED = 143


@value
class Problem:
    """One complaint: what was `found`, what was `expected`, the way out in `help`.

    `path` is "" and `span` None where no file is to blame. `kind` is "error" or "warning".
    """

    found: str
    expected: str = ""
    help: str = ""
    path: str = ""
    span: Span | None = None
    kind: str = "error"

    def render(self) -> str:
        """`FILE:LINE:COL: error: found; expected ...` and, where there is a way out, `help: ...`."""
        where = ""
        if self.path:
            at = f":{self.span.start.line}:{self.span.start.column}" if self.span else ""
            where = f"{visible(self.path)}{at}: "
        text = f"{where}{self.kind}: {visible(self.found)}"
        if self.expected:
            text += f"; expected {visible(self.expected)}"
        if self.help:
            text += "".join(f"\nhelp: {visible(line)}" for line in self.help.splitlines())
        return text

    def as_json(self) -> dict[str, str | int | None]:
        """The `errors` entry of the JSON contract: path, line, column, message, help."""
        start = self.span.start if self.span else None
        message = f"{self.found}; expected {self.expected}" if self.expected else self.found
        return {
            "path": self.path or None,
            "line": start.line if start else None,
            "column": start.column if start else None,
            "kind": self.kind,
            "message": message,
            "help": self.help or None,
        }


class CtrCiError(Exception):
    """Something the user can be told in a `Problem`; `exit` is the command's exit code."""

    exit = Exit.BUG

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(problem.render() for problem in problems))
        self.problems = problems


class Refused(CtrCiError):
    """The work says no: policy or gate."""

    exit = Exit.NO


class InputError(CtrCiError):
    """The input is wrong."""

    exit = Exit.INPUT


class WorldError(CtrCiError):
    """The surroundings failed: engine, registry, network."""

    exit = Exit.WORLD


class TimedOut(CtrCiError):
    """A limit of time was hit."""

    exit = Exit.TIMEOUT


class Interrupted(CtrCiError):
    """A signal asked us to stop; what we had made is removed by then."""

    exit = Exit.INTERRUPTED

    def __init__(self, signal_number: int) -> None:
        super().__init__(Problem("interrupted"))
        self.exit = Exit.TERMINATED if signal_number == 15 else Exit.INTERRUPTED
