"""Shell patterns in `${name#pattern}`, `%` and `/`: `*`, `?` and escapes, nothing else."""

from __future__ import annotations

import re


class LexError(Exception):
    """The word is refused by BuildKit; the text says why."""


def as_regex(pattern: str, greedy: bool) -> str:
    """A shell pattern of `*`, `?` and `\\` escapes as a regular expression. Raises LexError.

    All stars take as little as they can, but for the last one of a greedy pattern: the end is the same,
    and none of them (`(?>…)`) need be tried again, which for a dozen of them would take for ever.
    """
    out: list[str] = []
    parts = [out]
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            parts.append(out := [])
        elif char == "?":
            out.append(".")
        elif char == "\\":
            char = pattern[at : at + 1]
            if char in ("}", "/"):
                continue
            at += 1
            if not char or char not in "*?\\":
                raise LexError(f"invalid escape \\{char} in a pattern")
            out.append(re.escape(char))
        else:
            out.append(re.escape(char))
    first, *others = ["".join(part) for part in parts]
    last = f".*{others.pop()}" if greedy and others else ""
    return first + "".join(f"(?>.*?{part})" for part in others) + last


def without_prefix(pattern: str, value: str, longest: bool) -> str:
    found = re.match(as_regex(pattern, longest), value)
    return value[found.end() :] if found else value


def reversed_pattern(pattern: str) -> str:
    out: list[str] = []
    at = 0
    while at < len(pattern):
        step = 2 if pattern[at] == "\\" and at + 1 < len(pattern) else 1
        out.append(pattern[at : at + step])
        at += step
    return "".join(reversed(out))
