"""Secrets that cannot be printed by mistake, and a mask that hides them in a stream.

Knows nothing of where secrets come from or go to.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from typing import NoReturn
from urllib.parse import quote, quote_plus

MASK = b"***"
SHORTEST = 4  # masking "a" or "true" would ruin the log; shorter values are not masked


class Secret:
    """A value that no `repr`, `str`, format or pickle shows; `reveal` is the only way to it."""

    __slots__ = ("_value", "name")

    def __init__(self, value: str, name: str = "secret") -> None:
        self._value = value
        self.name = name

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self.name}=***)"

    __str__ = __repr__

    def __format__(self, _: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")


def forms(secret: Secret) -> frozenset[bytes]:
    """What a secret may look like in a log: itself, its lines, base64 in all three alignments,
    URL-encoded, escaped as in JSON. Forms shorter than four bytes are left out."""
    text = secret.reveal()
    raw = text.encode("utf-8", "surrogateescape")
    found = {raw, raw.strip(), *(line.strip() for line in raw.splitlines())}
    for part in tuple(found):
        for skip in range(3):
            encoded = b64encode(b"\0" * skip + part).rstrip(b"=")
            # The first and last characters also hold bits of the neighbours: leave them out.
            found.add(encoded[(0, 2, 3)[skip] : len(encoded) - (1 if (skip + len(part)) % 3 else 0)])
            found.add(encoded[(0, 2, 3)[skip] :].replace(b"+", b"-").replace(b"/", b"_"))
        shown = part.decode("utf-8", "surrogateescape")
        found |= {quote(shown, safe="", errors="surrogateescape").encode()}
        found |= {quote_plus(shown, errors="surrogateescape").encode()}
        found.add(shown.replace("\\", "\\\\").replace('"', '\\"').encode("utf-8", "surrogateescape"))
    return frozenset(form for form in found if len(form) >= SHORTEST)


class Mask:
    """Hides secrets in a stream of bytes, also when a chunk border cuts one.

    `feed` gives what is safe to show by now and holds back what may be the start of a secret;
    `close` gives the rest. Memory: at most the longest form of a secret, twice.
    """

    def __init__(self, secrets: Iterable[Secret]) -> None:
        needles = sorted({f for secret in secrets for f in forms(secret)}, key=len, reverse=True)
        self._needles = tuple(needles)
        self._longest = len(needles[0]) if needles else 0
        self._firsts = frozenset(needle[0] for needle in needles)
        self._pattern = re.compile(b"|".join(map(re.escape, needles))) if needles else None
        self._held = b""

    def feed(self, chunk: bytes) -> bytes:
        if self._pattern is None:
            return chunk
        data = self._held + chunk
        hold = self._hold(data)
        shown, at = [], 0
        for match in self._pattern.finditer(data):
            if match.start() >= hold:
                break
            if match.end() > hold:  # it may yet turn out longer: decide with the next chunk
                hold = match.start()
                break
            shown += [data[at : match.start()], MASK]
            at = match.end()
        self._held = data[max(hold, at) :]
        return b"".join([*shown, data[at : max(hold, at)]])

    def close(self) -> bytes:
        held, self._held = self._held, b""
        return self._pattern.sub(MASK, held) if self._pattern else held

    def text(self, text: str) -> str:
        """`text` with every secret in it hidden; keeps nothing for later."""
        if self._pattern is None:
            return text
        raw = text.encode("utf-8", "surrogateescape")
        return self._pattern.sub(MASK, raw).decode("utf-8", "surrogateescape")

    def _hold(self, data: bytes) -> int:
        """The first index from which the rest of `data` is a proper start of some secret."""
        for at in range(max(0, len(data) - self._longest + 1), len(data)):
            if data[at] in self._firsts:
                rest = data[at:]
                if any(len(n) > len(rest) and n.startswith(rest) for n in self._needles):
                    return at
        return len(data)
