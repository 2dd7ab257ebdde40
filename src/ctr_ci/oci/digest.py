"""A digest: the algorithm and the hexadecimal hash of some bytes (image-spec `descriptor.md`)."""

from __future__ import annotations

from hashlib import sha256

from ctr_ci.problem import InputError, Problem
from ctr_ci.value import value

LENGTHS = {"sha256": 64, "sha512": 128}
HEX = frozenset("0123456789abcdef")


@value
class Digest:
    """`sha256:` or `sha512:` and lower-case hexadecimal; made by `parse` or `of` only."""

    algorithm: str
    hex: str

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Raises InputError on anything else than a whole digest of a known algorithm."""
        algorithm, _, hexadecimal = text.partition(":")
        if len(hexadecimal) != LENGTHS.get(algorithm) or not HEX.issuperset(hexadecimal):
            raise InputError(Problem(f"digest {text!r}", expected="sha256: and 64 hexadecimal digits"))
        return cls(algorithm, hexadecimal)

    @classmethod
    def of(cls, data: bytes) -> Digest:
        return cls("sha256", sha256(data).hexdigest())

    @property
    def short(self) -> str:
        """The first twelve digits, as people read them; never a key."""
        return self.hex[:12]

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"
