"""A command and its options as data: argparse, `--help`, completion and action.yml come from here."""

from __future__ import annotations

from ctr_ci.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ctr_ci.problem import Exit


@value
class Option:
    """One option or positional (a `name` without dashes).

    `kind`: "text", "flag", "list" (repeatable), "int", "paths" (positional, any number) or "path"
    (positional, one). `choices` () means any text. `short` is the one-letter sugar, "" for none.
    """

    name: str
    help: str
    kind: str = "text"
    default: str | int | bool | None = None
    choices: tuple[str, ...] = ()
    metavar: str = ""
    short: str = ""

    @property
    def key(self) -> str:
        """The attribute that the parsed value has."""
        return self.name.lstrip("-").replace("-", "_")


@value
class Command:
    """One command: its options, and `run`, which turns the parsed values into the work's verdict."""

    name: str
    summary: str
    example: str
    options: tuple[Option, ...]
    run: Callable[[Any], Exit]


def named(what: str, given: str, form: str = "NAME=VALUE") -> tuple[str, str]:
    """Name and text of an option's value that has both. Raises InputError."""
    name, sign, text = given.partition("=")
    if not name or not sign:
        from ctr_ci.problem import InputError, Problem

        raise InputError(Problem(f"{what} {given!r}", form))
    return name, text
