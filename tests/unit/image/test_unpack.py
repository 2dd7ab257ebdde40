"""Compressed layers come out as they went in, whatever packed them; damage is told."""

from __future__ import annotations

import gzip
import zlib
from random import Random

import pytest
import zstandard

from ctr_ci.image.stream import Truncated
from ctr_ci.image.unpack import plain
from ctr_ci.problem import InputError
from unit.image.pack import cut

DATA = Random(7).randbytes(300_000) + b"repeat " * 100_000


def unpacked(raw: bytes, step: int = 10_000) -> bytes:
    return b"".join(bytes(piece) for piece in plain(cut(raw, step)))


@pytest.mark.parametrize(
    "raw",
    [
        DATA,
        gzip.compress(DATA),
        gzip.compress(DATA[:1000]) + gzip.compress(DATA[1000:]),
        gzip.compress(DATA) + bytes(2000),
        zstandard.compress(DATA),
        zstandard.compress(DATA[:1000]) + zstandard.compress(DATA[1000:]),
    ],
    ids=["plain", "gzip", "two gzip members", "gzip with padding", "zstd", "two zstd frames"],
)
@pytest.mark.parametrize("step", [1, 7_000, 1_000_000])
def test_what_went_in_comes_out(raw: bytes, step: int) -> None:
    if step == 1:
        raw = gzip.compress(DATA[:500]) if raw[:2] == b"\x1f\x8b" else raw[:500] if raw == DATA else raw[:0]
        assert unpacked(raw, 1) == (DATA[:500] if raw else b"")
    else:
        assert unpacked(raw, step) == DATA


@pytest.mark.parametrize("raw", [gzip.compress(DATA), zstandard.compress(DATA)], ids=["gzip", "zstd"])
def test_a_cut_layer_says_so(raw: bytes) -> None:
    with pytest.raises(Truncated, match="ends in the middle"):
        unpacked(raw[: len(raw) // 2])


def test_a_damaged_layer_says_so() -> None:
    raw = bytearray(gzip.compress(DATA))
    raw[5000:5100] = b"\xff" * 100
    with pytest.raises(InputError, match=r"damaged|middle"):
        unpacked(bytes(raw))


def test_zlib_is_not_taken_for_gzip() -> None:
    raw = zlib.compress(b"x")
    assert unpacked(raw) == raw
