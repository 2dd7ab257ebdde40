"""What of a RUN a shell is given: the line, the line with its heredocs, or a heredoc alone.

BuildKit `dockerfile2llb/convert.go`, dispatchRun.
"""

from __future__ import annotations

from ctr_ci.dockerfile.instruction import Heredoc, Line
from ctr_ci.dockerfile.json_form import content
from ctr_ci.dockerfile.text import Text, Word

SHELLS = ("sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "busybox")


def shell_text(line: Line, json: tuple[Word, ...] | None) -> tuple[Text | None, bool, str | None]:
    """The script, whether it is a heredoc alone, and the interpreter of such a one with `#!`."""
    if json is not None:
        return _of_json(json), False, None
    if not line.heredocs:
        return line.arguments, False, None
    from ctr_ci.dockerfile.heredoc import heredoc_mark
    from ctr_ci.dockerfile.pattern import LexError

    try:
        alone = heredoc_mark(line.arguments.text) is not None
    except LexError:
        alone = False
    if not alone:
        return _with_bodies(line), False, None
    script = _chomped(line.heredocs[0])
    if script.text.startswith("#!"):
        first = script.text.split("\n", 1)[0][2:].strip()
        program = first.split()[0].rsplit("/", 1)[-1] if first.split() else ""
        if program == "env":
            named = [part for part in first.split()[1:] if not part.startswith("-") and "=" not in part]
            program = named[0].rsplit("/", 1)[-1] if named else ""
        return (script if program in SHELLS else None), True, first
    return script, True, None


def _of_json(json: tuple[Word, ...]) -> Text | None:
    """The script of `["sh", "-c", "script"]`, with options of the shell before or in the `-c`."""
    if len(json) < 3 or json[0].text.rsplit("/", 1)[-1] not in SHELLS:
        return None
    at = 1
    while at + 1 < len(json):
        option = json[at].text
        if not option.startswith(("-", "+")):
            return None
        if not option.startswith("--"):
            names = option[1:]
            if "c" in names:
                return content(json[at + 1])
            at += names.count("o")
        at += 1
    return None


def _chomped(heredoc: Heredoc) -> Text:
    """A body as it is run: without the tabs that `<<-` takes away, without the last line end kept off."""
    body = heredoc.body
    if not heredoc.chomp or "\t" not in body.text:
        return body
    origin = body.origins[0]
    starts, origins, size, at = [], [], 0, 0
    pieces: list[str] = []
    for raw in body.text.split("\n"):
        line = raw.lstrip("\t")
        piece = line + "\n"
        starts.append(size)
        origins.append(origin + at + len(raw) - len(line))
        pieces.append(piece)
        size += len(piece)
        at += len(raw) + 1
    return Text("".join(pieces)[:-1], body.source, tuple(starts), tuple(origins))


def _with_bodies(line: Line) -> Text:
    """The arguments, a line end, and the bodies with their terminators, as one text for the shell."""
    head = line.arguments
    source = line.source
    pieces, size = [head.text], len(head.text)
    starts, origins = list(head.starts), list(head.origins)
    for heredoc in line.heredocs:
        if not heredoc.terminated:
            continue
        first = heredoc.body.origins[0]
        name = heredoc.end - len(heredoc.name)
        for piece, origin in (("\n", first - 1), (heredoc.body.text, first), (heredoc.name, name)):
            starts.append(size)
            origins.append(origin)
            pieces.append(piece)
            size += len(piece)
    return Text("".join(pieces), source, tuple(starts), tuple(origins))
