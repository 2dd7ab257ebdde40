"""Bash's patterns, as far as expansions use them: `*`, `?`, `[...]`, and a backslash for itself."""

from __future__ import annotations

import re

_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r" \t\n\r\f\v",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
NEVER = r"(?!)"


def escape(text: str) -> str:
    """A pattern that matches exactly `text`."""
    return re.sub(r"([\\*?\[\]])", r"\\\1", text)


def regex(pattern: str, greedy: bool = True) -> str:
    """The source of a regular expression (to be compiled with DOTALL) for a pattern."""
    star = ".*" if greedy else ".*?"
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        at += 1
        if character == "\\" and at < len(pattern):
            parts.append(re.escape(pattern[at]))
            at += 1
        elif character == "*":
            if not parts or parts[-1] != star:
                parts.append(star)
        elif character == "?":
            parts.append(".")
        elif character == "[":
            source, end = _bracket(pattern, at)
            parts.append(source)
            at = end
        else:
            parts.append(re.escape(character))
    return "".join(parts)


def _bracket(pattern: str, start: int) -> tuple[str, int]:
    """A bracket expression that opened before `start`; a literal `[` where it never closes."""
    at = start
    negated = pattern[at : at + 1] in ("!", "^")
    at += negated
    members: list[str] = []
    first = True
    while at < len(pattern) and (pattern[at] != "]" or first):
        first = False
        named = re.compile(r"\[:([a-z]+):\]").match(pattern, at)
        if named:
            members.append(_CLASSES.get(named[1], ""))
            at = named.end()
            continue
        low, at = _member(pattern, at)
        if pattern[at : at + 1] == "-" and at + 1 < len(pattern) and pattern[at + 1] != "]":
            high, at = _member(pattern, at + 1)
            if low <= high:
                members.append(f"{re.escape(low)}-{re.escape(high)}")
        else:
            members.append(re.escape(low))
    if at >= len(pattern):
        return re.escape("["), start
    body = "".join(members)
    if not body:
        return ("." if negated else NEVER), at + 1
    return f"[{'^' if negated else ''}{body}]", at + 1


def _member(pattern: str, at: int) -> tuple[str, int]:
    if pattern[at] == "\\" and at + 1 < len(pattern):
        return pattern[at + 1], at + 2
    return pattern[at], at + 1
