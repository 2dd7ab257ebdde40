"""Bytes as people read them: decimal units, as `docker images` has them."""

from __future__ import annotations


def size_text(size_bytes: int) -> str:
    """`184.7 MB`, `990 kB`, `12 B`."""
    size = float(size_bytes)
    for unit, step in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if abs(size) >= step * 0.9995:
            number = size / step
            return f"{number:.2f} {unit}" if unit == "GB" else f"{number:.{0 if unit == 'kB' else 1}f} {unit}"
    return f"{size_bytes} B"
