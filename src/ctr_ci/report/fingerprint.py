"""GitHub's `primaryLocationLineHash`, and a fingerprint of ours that survives moved lines.

The first is the rolling hash of github/codeql-action `src/fingerprints.ts`: over UTF-16 units without
blanks and tabs, line ends folded, window 100, multiplier 37, 64 bits, and a count of equal hashes.
"""

from __future__ import annotations

_WINDOW = 100
_MULTIPLIER = 37
_BITS = (1 << 64) - 1
_FIRST = pow(_MULTIPLIER, _WINDOW, 1 << 64)
_END = 65535


def line_hashes(text: str) -> dict[int, str]:
    """`hash:count` of each line that a text has, by its number from 1."""
    window = [0] * _WINDOW
    started = [-1] * _WINDOW
    seen: dict[int, int] = {}
    hashes: dict[int, str] = {}
    rolling = index = line = 0

    def step(unit: int, starts: bool) -> None:
        nonlocal rolling, index, line
        if started[index] != -1:
            seen[rolling] = seen.get(rolling, 0) + 1
            hashes[started[index]] = f"{rolling:x}:{seen[rolling]}"
            started[index] = -1
        if starts:
            line += 1
            started[index] = line
        rolling = (_MULTIPLIER * rolling + unit - _FIRST * window[index]) & _BITS
        window[index] = unit
        index = (index + 1) % _WINDOW

    fresh = True
    folded = text.replace("\r\n", "\n").replace("\r", "\n").replace(" ", "").replace("\t", "")
    raw = folded.encode("utf-16-le", "surrogatepass")
    for at in range(0, len(raw), 2):
        unit = raw[at] | raw[at + 1] << 8
        step(unit, fresh)
        fresh = unit == 10
    step(_END, fresh)
    for _ in range(_WINDOW):
        step(0, False)
    return hashes


def stable(*parts: str) -> str:
    """A fingerprint of some texts, 32 hexadecimal digits."""
    from hashlib import blake2b

    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
