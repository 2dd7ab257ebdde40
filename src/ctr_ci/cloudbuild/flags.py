"""What the command line says of a build, in gcloud's syntax (calliope arg_parsers)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from ctr_ci.cloudbuild.builtins import FIXED, NAMES
from ctr_ci.cloudbuild.duration import parse_duration
from ctr_ci.cloudbuild.fields import KEY_LONGEST_BYTES, VALUE_LONGEST_BYTES
from ctr_ci.cloudbuild.names import USER_KEY
from ctr_ci.document import nearest
from ctr_ci.problem import InputError, Problem

_DELIMITER = re.compile(r"\^([^^]+)\^")


def parse_substitutions(texts: Sequence[str]) -> dict[str, str]:
    """`_A=b,_C=d`, or with another delimiter `^:^_A=x,y:_C=z`; the later of two flags wins.

    Raises InputError for what is no `KEY=VALUE`, for a key that may not be set, and for a key
    given twice in one flag.
    """
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for text in texts:
        custom = _DELIMITER.match(text)
        delimiter, rest = (custom[1], text[custom.end() :]) if custom else (",", text)
        seen: set[str] = set()
        for part in rest.split(delimiter) if rest else []:
            key, equals, value = part.partition("=")
            key = key.strip() if not custom else key
            problem = _mistake(key, equals, value, part, seen)
            seen.add(key)
            if problem:
                problems.append(problem)
            else:
                found[key] = value
    if problems:
        raise InputError(*problems)
    return found


def _mistake(key: str, equals: str, value: str, part: str, seen: set[str]) -> Problem | None:
    if not equals:
        return Problem(
            f"--substitutions: {part!r}",
            "KEY=VALUE",
            "a value that holds a comma needs another delimiter: --substitutions '^:^_A=x,y:_B=z'",
        )
    if key in seen:
        return Problem(f"--substitutions: {key} twice", "each key once")
    if key in FIXED:
        option = "--project" if key == "PROJECT_ID" else ""
        return Problem(
            f"--substitutions: {key}",
            "a key that may be set",
            f"use {option}" if option else "it is made anew for each build",
        )
    if key not in NAMES and not USER_KEY.fullmatch(key):
        upper = re.sub(r"[^A-Z0-9_]", "_", key.upper()).lstrip("_")
        near = nearest(key, NAMES) if not key.startswith("_") else None
        return Problem(
            f"--substitutions: the key {key!r}",
            "`_` and capitals, digits or `_`; or a built-in name",
            f"did you mean {near or f'_{upper}'}?",
        )
    if len(key.encode()) > KEY_LONGEST_BYTES:
        return Problem(f"--substitutions: a key of {len(key.encode())} bytes", f"at most {KEY_LONGEST_BYTES}")
    size = len(value.encode("utf-8", "surrogateescape"))
    if size > VALUE_LONGEST_BYTES:
        return Problem(
            f"--substitutions: the value of {key} has {size} bytes", f"at most {VALUE_LONGEST_BYTES}"
        )
    return None


def parse_timeout(text: str) -> timedelta:
    """`--timeout`: a bare number of seconds, or `2h15m5s`. Raises InputError."""
    duration = parse_duration(f"{text}s" if text.isdecimal() else text)
    if duration is None or duration < timedelta(0):
        raise InputError(Problem(f"--timeout {text!r}", "seconds, or a duration such as 2h15m5s"))
    return duration
