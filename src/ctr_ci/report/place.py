"""What every finding report needs: how it is to be shown, and paths and places in a report's spelling."""

from __future__ import annotations

import os

from ctr_ci.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.lint import Rule
    from ctr_ci.source import Source, Span


@value
class Shown:
    """How a report is shown: `folder` is what paths are made relative to ("": as they are), `statistics` a
    table of counts instead of findings. `terminal`: a person looks on, who may want to be told more.
    `fail_on` is the lowest level that fails, "" where it is not said; `codes`: hadolint's too."""

    color: bool = False
    folder: str = ""
    statistics: bool = False
    quiet: bool = False
    terminal: bool = False
    fail_on: str = ""
    codes: bool = False


def relative(path: str, folder: str) -> str:
    """`path` with `/`, without `./`, relative to `folder` where it lies below it."""
    plain = path.replace(os.sep, "/")
    if folder and plain.startswith(f"{folder.rstrip('/')}/"):
        plain = plain[len(folder.rstrip("/")) + 1 :]
    while plain.startswith("./"):
        plain = plain[2:]
    return plain


def uri(path: str, folder: str) -> str:
    """A path as a URI reference, percent-encoded; one outside `folder` that is absolute is a file URI."""
    safe = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/!$&'()*+,;=@")
    raw = relative(path, folder).encode("utf-8", "surrogateescape")
    said = "".join(chr(byte) if chr(byte) in safe else f"%{byte:02X}" for byte in raw)
    return f"file://{said}" if said.startswith("/") else said


def link(rule: Rule) -> str:
    """The address of a rule's page, "" as long as the pages have none that a browser could open."""
    return rule.url if "://" in rule.url else ""


def wide(span: Span, source: Source) -> tuple[int, int, int, int]:
    """Start and end of a span for readers that want at least one character: line, column, line, column."""
    start, end = span.start, span.end
    if end <= start:
        length = len(source.lines[start.line - 1]) if start.line <= len(source.lines) else 0
        return start.line, min(start.column, max(length, 1)), start.line, max(start.column + 1, 2)
    return start.line, start.column, end.line, end.column


def plain(text: str) -> str:
    """A text that every encoder takes: bytes that were not UTF-8 become the replacement character."""
    return text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text
