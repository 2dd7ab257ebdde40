"""The engine's frames, whatever pieces they come in."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctr_ci.engine.stream import Frames
from ctr_ci.problem import WorldError

FRAMES = st.lists(st.tuples(st.sampled_from((1, 2)), st.binary(max_size=30)), max_size=8)


def pieces(data: bytes, size: int) -> Callable[[int], bytes]:
    waiting = [data[at : at + size] for at in range(0, len(data), size)]
    return lambda _: waiting.pop(0) if waiting else b""


@given(FRAMES, st.integers(1, 20))
def test_output_arrives_complete_in_order_and_by_stream(frames: list[tuple[int, bytes]], size: int) -> None:
    wire = b"".join(struct.pack(">BxxxI", kind, len(body)) + body for kind, body in frames)
    found = list(Frames(pieces(wire, size), lambda: None))
    for kind, name in ((1, "stdout"), (2, "stderr")):
        assert b"".join(o.data for o in found if o.stream == name) == b"".join(
            b for k, b in frames if k == kind
        )


def test_a_cut_frame_is_an_error() -> None:
    with pytest.raises(WorldError, match="broke off"):
        list(Frames(pieces(b"\1\0\0\0\0\0\0\5ab", 99), lambda: None))


def test_a_broken_connection_is_an_error() -> None:
    def receive(_: int) -> bytes:
        raise ConnectionResetError("reset")

    with pytest.raises(WorldError, match="reset"):
        list(Frames(receive, lambda: None))
