"""Durations as Cloud Build writes them: `600s`, `1.5s`, and Go's `1h2m3s`, which it accepts too."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

_SECONDS = re.compile(r"(-?)(\d+(?:\.\d{1,9})?)s")
_GO = re.compile(r"(-?)((?:\d+(?:\.\d{0,9})?(?:h|ms|m|us|µs|ns|s))+)")
_PART = re.compile(r"(\d+(?:\.\d*)?)(h|ms|m|us|µs|ns|s)")
_UNITS = {
    "h": "3600",
    "m": "60",
    "s": "1",
    "ms": "0.001",
    "us": "0.000001",
    "µs": "0.000001",
    "ns": "0.000000001",
}
LONGEST_S = 10**9


def parse_duration(text: str) -> timedelta | None:
    """The duration that a text says, None where it says none. May be negative."""
    match = _SECONDS.fullmatch(text)
    if match:
        total = Decimal(match[2])
    else:
        match = _GO.fullmatch(text)
        if not match:
            return None
        total = sum((Decimal(n) * Decimal(_UNITS[unit]) for n, unit in _PART.findall(match[2])), Decimal(0))
    if total > LONGEST_S:
        total = Decimal(LONGEST_S)
    return timedelta(seconds=float(-total if match[1] else total))


def show(duration: timedelta) -> str:
    """`600s`, `1.5s`: the form that every reader of Cloud Build configs knows."""
    return f"{duration.total_seconds():.9f}".rstrip("0").rstrip(".") + "s"
