"""A pattern looked for in a text, for a few seconds at most.

Python's engine may take ages for a pattern that Go's takes at one pass, and neither a signal nor another
thread stops it: so what repeats is looked for by a process of its own, which its own alarm ends.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys

from ctr_ci.problem import InputError, Problem

WITHIN_S = 5
_FOUND, _MISSING = 3, 4
_REPEATS = re.compile(r"[*+{?]")
_CODE = f"""
import json, re, signal, sys
signal.alarm({WITHIN_S})
pattern, flags, text = json.load(sys.stdin.buffer)
sys.exit({_MISSING} if re.search(pattern, text, flags) is None else {_FOUND})
"""


class NoAnswer(InputError):
    """The pattern takes too long on this text."""


def check(pattern: str) -> None:
    """Raises ValueError, saying why, where Python has no such pattern."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(error.msg) from error
    except (OverflowError, RecursionError) as error:
        raise ValueError("it is too large") from error


def found(pattern: str, text: str, flags: re.RegexFlag) -> bool:
    """Is the pattern anywhere in the text? Raises NoAnswer."""
    if not _REPEATS.search(pattern):
        return re.search(pattern, text, flags) is not None
    asked = json.dumps([pattern, int(flags), text]).encode()
    done = subprocess.run((sys.executable, "-I", "-S", "-c", _CODE), input=asked, capture_output=True)
    if done.returncode not in (_FOUND, _MISSING):
        raise NoAnswer(
            Problem(f"{pattern!r} was not looked for to the end within {WITHIN_S} s", "a simpler pattern")
        )
    return done.returncode == _FOUND
