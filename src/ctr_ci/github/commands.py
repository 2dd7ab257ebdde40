"""GitHub's workflow commands as text: annotations, masks, outputs, summaries. Pure.

Encoding and limits as actions/runner reads them (ActionCommand.cs, ActionCommandManager.cs,
FileCommandManager.cs, ExecutionContext.cs). Whatever a step of somebody else printed is hostile:
`stop` and `resume` bracket it so that no line of it can act as a command.
"""

from __future__ import annotations

from ctr_ci.source import visible
from ctr_ci.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

PER_LEVEL = 10  # annotations of each level that a step may keep
MESSAGE_CHARACTERS = 4096
SUMMARY_BYTES = 1_000_000  # the runner drops a summary over 1,048,576 bytes whole
LEVELS = ("error", "warning", "notice")


@value
class Annotation:
    """A message at a place of the repository. Lines and columns count from 1, ends are exclusive
    as everywhere in ctr-ci; 0 means unknown. `level`: error, warning or notice."""

    level: str
    message: str
    path: str = ""
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    title: str = ""


def command(name: str, data: str = "", **properties: str | int) -> str:
    """One workflow command line, without its line end. Empty properties are left out."""
    shown = ",".join(
        f"{key}={_property(str(item))}" for key, item in properties.items() if item not in ("", 0)
    )
    return f"::{name}{' ' + shown if shown else ''}::{_data(data)}"


def annotation(item: Annotation) -> str:
    """The command that shows `item`. The runner drops columns where a place spans lines, and the
    whole end where it lies before the start, so neither is sent."""
    end_line = max(item.end_line, item.line) if item.end_line else 0
    one_line = end_line in (0, item.line)
    return command(
        item.level,
        item.message[:MESSAGE_CHARACTERS],
        file=item.path.replace("\\", "/"),
        line=item.line,
        endLine=end_line,
        col=item.column if one_line and item.line else 0,
        # GitHub's endColumn is inclusive of the last character that is marked.
        endColumn=max(item.end_column - 1, item.column) if one_line and item.line and item.end_column else 0,
        title=item.title,
    )


def annotate(
    items: Iterable[Annotation], changed: Mapping[str, frozenset[int]] | None = None, where: str = "the log"
) -> list[str]:
    """The commands for `items` within GitHub's limit of ten a level, the most useful first:
    on lines that the change touches (`changed`: path to line numbers), then by level, path, place.

    What did not fit is counted in one last notice, which says `where` the rest stands.
    """
    touched = changed or {}

    def rank(item: Annotation) -> tuple[bool, int, str, int, int]:
        return (
            item.line not in touched.get(item.path, frozenset()),
            LEVELS.index(item.level),
            item.path,
            item.line,
            item.column,
        )

    lines: list[str] = []
    left: dict[str, int] = {}
    # One place a level stays free: the runner itself adds "Process completed with exit code N" as an
    # error, and the count of what was left out is a notice.
    room = {"error": PER_LEVEL - 1, "warning": PER_LEVEL, "notice": PER_LEVEL - 1}
    for item in sorted(items, key=rank):
        if room[item.level]:
            room[item.level] -= 1
            lines.append(annotation(item))
        else:
            left[item.level] = left.get(item.level, 0) + 1
    if left:
        counts = ", ".join(f"{left[level]} more {level}s" for level in LEVELS if level in left)
        lines.append(command("notice", f"{counts}: GitHub shows ten of a level for each step. See {where}."))
    return lines


def mask(secret: str) -> list[str]:
    """Commands that hide a secret from here on: whole, and each of its lines."""
    parts = dict.fromkeys([secret, *secret.splitlines()])
    return [command("add-mask", part) for part in parts if part.strip()]


def stop(token: str) -> str:
    """No line is a command from here until `resume(token)`. `token`: random, 16 bytes or more as hex."""
    return f"::stop-commands::{token}"


def resume(token: str) -> str:
    return f"::{token}::"


def defuse(text: str) -> str:
    """`text` with the older command form `##[name]` broken up, which the runner reads anywhere in a line."""
    return text.replace("##[", "##\u200b[")


def output(name: str, content: str, delimiter: str) -> str:
    """What to append to the file `GITHUB_OUTPUT` for one output.

    `delimiter` is random; raises ValueError if it occurs in `content`, for then somebody guessed it.
    """
    if delimiter in content or delimiter in name:
        raise ValueError("the delimiter occurs in the value of an output")
    return f"{name}<<{delimiter}\n{content}\n{delimiter}\n"


def cell(text: str) -> str:
    """`text` as it can stand in a cell of a Markdown table: nothing in it is markup, link or line end."""
    shown = visible(" ".join(text.split()))
    escaped = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for mark in "\\`*_{}[]|~@#!:":
        escaped = escaped.replace(mark, f"\\{mark}" if mark not in "@#:" else f"&#{ord(mark)};")
    return escaped


def code(text: str) -> str:
    """`text` as inline code in Markdown, whatever backticks it holds; one line."""
    shown = visible(text)
    longest = run = 0
    for character in shown:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def fenced(lines: Sequence[str], language: str = "") -> str:
    """A Markdown code block that nothing inside it can end."""
    longest = max((len(line) - len(line.lstrip("`")) for line in map(str.strip, lines)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([fence + language, *lines, fence])


def clipped(summary: str, limit: int = SUMMARY_BYTES) -> str:
    """A summary that the runner keeps: cut at a line end below `limit` bytes, and saying so."""
    raw = summary.encode()
    if len(raw) <= limit:
        return summary
    note = "\n\n_The rest is cut: GitHub drops a summary over 1 MiB whole._\n"
    kept = raw[: limit - len(note)].decode(errors="ignore")
    return kept[: kept.rfind("\n")] + note


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
