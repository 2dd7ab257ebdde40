"""When to try again, and how long to wait first. Pure: clock and chance are handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ctr_ci.registry.failure import told
from ctr_ci.registry.http import Response

PASSING = frozenset({408, 429, 500, 502, 503, 504})
# Answers that a 500 may wrap and that no retry mends (distribution says 500 UNKNOWN for trouble).
LASTING_CODES = frozenset({"NAME_INVALID", "MANIFEST_INVALID", "UNSUPPORTED", "DENIED"})
LONGEST_S = 30.0
LONGEST_ASKED_S = 120.0  # a Retry-After beyond this is not waited for


@dataclass(frozen=True, slots=True)
class Clock:
    """`now`: seconds since the epoch; `monotonic`: seconds that nobody sets back; `sleep` waits;
    `chance` gives a number from 0 to 1, for jitter."""

    now: Callable[[], float]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    chance: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Tries:
    """How often the same is tried in all, and the first wait in seconds, which doubles."""

    most: int = 5
    first_s: float = 0.4

    def after(self, response: Response, attempt: int, clock: Clock) -> float | None:
        """Seconds to wait before the next try after answer number `attempt` (from 1); None: no more."""
        if response.status not in PASSING or attempt >= self.most:
            return None
        if response.status >= 500 and told(response).code in LASTING_CODES:
            return None
        asked = _asked(response, clock)
        if asked is None:
            return self.after_break(attempt, clock)
        return asked if asked <= LONGEST_ASKED_S else None

    def after_break(self, attempt: int, clock: Clock) -> float | None:
        """The same after a connection that broke."""
        if attempt >= self.most:
            return None
        wait = min(LONGEST_S, self.first_s * 2.0 ** (attempt - 1))
        return float(wait * (0.5 + clock.chance() / 2))


def _asked(response: Response, clock: Clock) -> float | None:
    """What `Retry-After` asks for: seconds, or a date (RFC 9110 §10.2.3)."""
    text = response.header("retry-after")
    if not text:
        return None
    if text.strip().isdigit():
        return float(text)
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - clock.now())
    except ValueError:
        return None
