"""Text for XML 1.0: escaped, and without the characters that it cannot hold."""

from __future__ import annotations

from ctr_ci.report.place import plain

_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


def escape(text: str) -> str:
    """`text` fit for an attribute in double quotes or for content."""
    return "".join(_NAMED.get(c) or (c if _allowed(c) else "�") for c in plain(text))


def _allowed(character: str) -> bool:
    code = ord(character)
    return 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
