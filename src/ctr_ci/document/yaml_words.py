"""What the YAML library's complaints mean, in words for whoever wrote the file."""

from __future__ import annotations

from ctr_ci.problem import Problem
from ctr_ci.source import Source

# libyaml's and PyYAML's words -> what was found, what was expected, the way out.
WORDS = (
    ("maximum nesting", "nested too deeply", "a document a person could read", "is a bracket missing?"),
    (
        "mapping values are not allowed",
        "a second `:` in one line",
        "one `key: value`, or quotes around text that holds `: `",
        "quote the value, or check the indentation of this line and the one above",
    ),
    (
        "found unexpected ':'",
        "a `:` inside a text without quotes",
        "`key: value` with a space after the `:`, or quotes around the text",
        "inside `{...}` and `[...]`, a text that holds `:` needs quotes",
    ),
    (
        "cannot start any token",
        "a character that cannot start a value",
        "quotes around it",
        "`@`, `` ` `` and `%` need quotes; indent with spaces, never with tabs",
    ),
    (
        "could not find expected ':'",
        "text without `:` where a key is expected",
        "`key: value`",
        "check the indentation; a text of several lines needs quotes or `|`",
    ),
    (
        "did not find expected key",
        "something that does not line up with the keys above",
        "`key: value` at the same indentation, or one thing in quotes",
        "check the indentation of this line and for text after a closing quote",
    ),
    (
        "expected <block end>",
        "something that does not line up with the lines above",
        "the same indentation",
        "check the indentation of this line and for text after a closing quote",
    ),
    (
        "did not find expected '-' indicator",
        "something that is no item of the list above",
        "`- item` at the same indentation",
        "check the indentation of this line and for text after a closing quote",
    ),
    (
        "did not find expected ',' or ']'",
        "an item that does not follow a comma",
        "`,` or `]`",
        "check for a missing comma or bracket",
    ),
    (
        "expected ',' or ']'",
        "an item that does not follow a comma",
        "`,` or `]`",
        "check for a missing comma or bracket",
    ),
    (
        "did not find expected ',' or '}'",
        "an entry that does not follow a comma",
        "`,` or `}`",
        "check for a missing comma or brace",
    ),
    (
        "expected ',' or '}'",
        "an entry that does not follow a comma",
        "`,` or `}`",
        "check for a missing comma or brace",
    ),
    (
        "undefined alias",
        "an alias of an anchor that was not defined above",
        "an anchor `&name` above",
        "quote the text if the `*` belongs to it",
    ),
    (
        "found another document",
        "a second document (`---`)",
        "one document in the file",
        "put it into a file of its own",
    ),
    (
        "unknown escape character",
        "an unknown escape in double quotes",
        r"one of \n \t \\ \" and the like",
        "use single quotes, in which a backslash is a backslash",
    ),
    (
        "did not find expected <document start>",
        "text after the end of the document",
        "one document in the file",
        "check the indentation of this line",
    ),
)


def said(complaint: str) -> tuple[str, str, str]:
    """What was found, what was expected, and the way out, for a complaint of the library."""
    for key, found, expected, way_out in WORDS:
        if key in complaint:
            return found, expected, way_out
    return complaint, "valid YAML", "quote the text if it is meant as text"


def unreadable(source: Source, at: int) -> Problem:
    """The problem of a character that no YAML may hold."""
    character = source.text[at]
    code = ord(character)
    byte = 0xDC80 <= code <= 0xDCFF
    return Problem(
        f"the byte 0x{code - 0xDC00:02x}, which is no UTF-8"
        if byte
        else f"the control character U+{code:04X}",
        expected="text in UTF-8" if byte else "printable text",
        help="save the file as UTF-8"
        if byte
        else r'remove it, or write it as an escape in double quotes ("\x..")',
        path=source.path,
        span=source.span(at, at + 1),
    )
