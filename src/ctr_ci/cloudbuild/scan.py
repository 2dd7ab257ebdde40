"""Finds `$KEY` and `${KEY}` in a text: the one reader that checking and replacing share.

As cloud-build-local's subst.go, which is the service's: one pass from the left, no recursion;
`$$` is a dollar; a `$` that begins no key is itself; a key is taken as long as it goes; a
backslash escapes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ctr_ci.value import value

KEY = "[A-Z_][A-Z0-9_]*"
_TOKEN = re.compile(rf"\$(?:(\$)|\{{({KEY})\}}|({KEY}))")


@value
class Use:
    """A key that a text uses; `start` and `end` are offsets of the whole `${KEY}`."""

    key: str
    start: int
    end: int


def uses(text: str) -> Iterator[Use]:
    for match in _TOKEN.finditer(text):
        if not match[1]:
            yield Use(match[2] or match[3], match.start(), match.end())


def replace(text: str, value: Callable[[str], str]) -> str:
    """`text` with each key replaced by its `value` (not scanned again) and each `$$` by `$`."""
    return _TOKEN.sub(lambda match: "$" if match[1] else value(match[2] or match[3]), text)
