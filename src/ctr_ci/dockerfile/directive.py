"""Parser directives: `# syntax=`, `# escape=`, `# check=` at the very top of the file.

BuildKit `parser/directives.go`. `syntax` and `check` are found below a `#!` line too; `syntax` also
as `// syntax=` or in a JSON file, which says that the rest is no Dockerfile language of ours.
"""

from __future__ import annotations

from ctr_ci.dockerfile.text import Word
from ctr_ci.source import Source, Span
from ctr_ci.value import value

KNOWN = ("syntax", "escape", "check")


@value
class Directive:
    """`name` in lower case; `value` as written; `used` is false when BuildKit does not heed it."""

    name: str
    value: str
    start: int
    end: int
    value_word: Word
    used: bool = True

    @property
    def span(self) -> Span:
        return self.value_word.source.span(self.start, self.end)

    @property
    def effective(self) -> str:
        """What BuildKit takes of the value of `syntax` and `check`: up to the first blank."""
        return self.value.split(" ", 1)[0]


def directive(source: Source, line: str, offset: int, mark: str = "#") -> Directive | None:
    """The directive that a line is (`offset` is where it begins), None when it is none.

    The line may be indented; whether that counts is the caller's to say.
    """
    body = line.lstrip()
    if not body.startswith(mark):
        return None
    content = body[len(mark) :].lstrip()
    name, _, given = content.partition("=")
    name = name.rstrip("\t\n\f\r ").lower()
    text = given.strip("\t\n\f\r ")
    if name not in KNOWN or not text:
        return None
    at = offset + len(line) - len(body)
    start = at + len(body) - len(given.lstrip("\t\n\f\r "))
    word = Word(text, start, start + len(text), source)
    indented = body is not line and len(body) != len(line)
    return Directive(name, text, at, at + len(body.rstrip()), word, name == "escape" or not indented)


def below_shebang(source: Source) -> tuple[Directive, ...]:
    """The directives after a `#!` first line: `escape` is not heeded there."""
    lines = source.text.split("\n")
    if not lines[0].startswith("#!"):
        return ()
    found: list[Directive] = []
    at = len(lines[0]) + 1
    for line in lines[1:]:
        each = directive(source, line.rstrip("\r"), at)
        if each is None or not each.used or each.name in [other.name for other in found]:
            break
        found.append(
            Directive(each.name, each.value, each.start, each.end, each.value_word, each.name != "escape")
        )
        at += len(line) + 1
    return tuple(found)


def foreign_syntax(source: Source) -> Directive | None:
    """The `syntax` of a file in another language: `// syntax=` at its top, or a JSON object's key."""
    text = source.text
    if text.startswith("//"):
        at = 0
        for line in text.split("\n"):
            each = directive(source, line.rstrip("\r"), at, "//")
            if each is None or not each.used or each.name == "syntax":
                return each if each and each.used else None
            at += len(line) + 1
    if text.lstrip()[:1] == "{":
        import json

        try:
            loaded = json.loads(text)
        except (ValueError, RecursionError):
            return None
        syntax = loaded.get("syntax") if isinstance(loaded, dict) else None
        if isinstance(syntax, str):
            start = max(text.find(json.dumps(syntax)), 0)
            word = Word(syntax, start, start + len(json.dumps(syntax)), source)
            return Directive("syntax", syntax, word.start, word.end, word)
    return None
