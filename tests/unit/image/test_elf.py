"""Binaries tell what they need while they stream by."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

from ctr_ci.image.elf import Binary, read
from unit.image.pack import cut


def whole(raw: bytes, head: int = 4 << 20, step: int = 7000) -> Binary:
    return read(raw[:head], cut(raw[head:], step))


def python() -> bytes:
    return Path(sys.executable).resolve().read_bytes()


def test_a_real_program_names_its_loader_and_libraries() -> None:
    found = whole(python())
    assert found.kind in ("executable", "shared")
    assert found.interpreter.startswith("/")
    assert found.needed
    assert any(name.startswith("libc.") for name in found.needed)


def test_the_way_of_cutting_changes_nothing() -> None:
    raw = python()
    assert whole(raw, head=4096, step=999) in (whole(raw), whole(raw)._replace(needed=None))


def elf(needed: tuple[str, ...], gap: int, tail: bytes = b"") -> bytes:
    """A small ELF whose strings lie `gap` bytes behind its dynamic section."""
    strings = b"\0" + b"".join(name.encode() + b"\0" for name in needed)
    at, tags = 1, b""
    for name in needed:
        tags += struct.pack("<QQ", 1, at)
        at += len(name) + 1
    dynamic_at = 64 + 2 * 56
    dynamic_size = len(tags) + 3 * 16
    strings_at = dynamic_at + dynamic_size + gap
    tags += struct.pack("<QQQQQQ", 5, 0x1000 + strings_at, 10, len(strings), 0, 0)
    size = strings_at + len(strings) + len(tail)
    header = (
        b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    )
    load = struct.pack("<IIQQQQQQ", 1, 7, 0, 0x1000, 0, size, size, 4096)
    dynamic = struct.pack(
        "<IIQQQQQQ", 2, 6, dynamic_at, 0x1000 + dynamic_at, 0, dynamic_size, dynamic_size, 8
    )
    return header + load + dynamic + tags + bytes(gap) + strings + tail


def test_strings_behind_the_head_are_waited_for() -> None:
    raw = elf(("liba.so.1", "libb.so.2"), gap=50_000)
    assert whole(raw, head=1000).needed == ("liba.so.1", "libb.so.2")
    assert whole(raw, head=1000, step=1).needed == ("liba.so.1", "libb.so.2")


def test_go_and_rust_leave_their_marks_even_across_pieces() -> None:
    text = b"path\texample.org/app\nmod\texample.org/app\t(devel)\n"
    framed = b"0" * 16 + text + b"1" * 16
    info = b"\xff Go buildinf:\x08\x02" + bytes(16) + bytes([6]) + b"go1.22" + bytes([len(framed)]) + framed
    raw = elf((), 10, tail=bytes(5000) + info + bytes(200))
    for step in (1, 13, 100_000):
        found = whole(raw, head=300, step=step)
        assert (found.language, found.module) == ("go", "example.org/app")
    assert whole(elf((), 10, bytes(3000) + b"/rustc/abc/library/core"), step=7).language == "rust"


def test_damaged_binaries_tell_nothing_and_break_nothing() -> None:
    raw = elf(("libc.so.6",), 100)
    for size in range(64, len(raw), 7):
        whole(raw[:size], head=200)
    assert whole(b"\x7fELF" + bytes(60)).kind == ""
    assert whole(b"\x7fELF" + b"\xff" * 200).kind == ""
