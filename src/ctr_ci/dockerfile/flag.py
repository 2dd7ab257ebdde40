"""Keyword, flags and arguments of a joined line, and which flags each instruction takes.

BuildKit `parser/split_command.go`, `instructions/bflag.go` and the parse functions.
"""

from __future__ import annotations

from ctr_ci.dockerfile.complain import Complaints, nearest
from ctr_ci.dockerfile.instruction import Flag
from ctr_ci.dockerfile.text import SPACE, Text, Word

GAP = " \t\v\f\r"  # what parts words where BuildKit does not look at quotes
# name -> "text", "bool" or "many" (may be repeated)
FLAGS: dict[str, dict[str, str]] = {
    "FROM": {"platform": "text"},
    "RUN": {"mount": "many", "network": "text", "security": "text", "device": "many"},
    "COPY": {
        "from": "text",
        "chown": "text",
        "chmod": "text",
        "link": "bool",
        "parents": "bool",
        "exclude": "many",
    },
    "ADD": {
        "chown": "text",
        "chmod": "text",
        "link": "bool",
        "keep-git-dir": "bool",
        "checksum": "text",
        "unpack": "bool",
        "exclude": "many",
    },
    "HEALTHCHECK": {
        "interval": "text",
        "timeout": "text",
        "start-period": "text",
        "start-interval": "text",
        "retries": "text",
    },
}


def split(line: Text, escape: str) -> tuple[Word, tuple[Flag, ...], Text]:
    """Keyword, flags and the rest of a joined line."""
    text = line.text
    end = at = len(text)
    for blank in GAP:
        found = text.find(blank, 0, end)
        if found >= 0:
            end = found
    if end == at:
        return line.word(0, end), (), line.part(end, end)
    keyword = line.word(0, end)
    at -= len(text[end:].lstrip(GAP))
    if not text.startswith("--", at):
        return keyword, (), line.part(at, len(text))
    flags, at = _flags(line, at, escape)
    while at < len(text) and text[at] in SPACE:
        at += 1
    return keyword, flags, line.part(at, len(text))


def _flags(line: Text, at: int, escape: str) -> tuple[tuple[Flag, ...], int]:
    text, size = line.text, len(line.text)
    found: list[Flag] = []
    while True:
        while at < size and text[at] in SPACE:
            at += 1
        if not text.startswith("--", at):
            return tuple(found), at
        start, value, quote, equals = at, "", "", -1
        while at < size and (quote or text[at] not in SPACE):
            char = text[at]
            if char == quote:
                quote = ""
            elif char in "'\"" and not quote:
                quote = char
            elif char == escape:
                at += 1
                value += text[at : at + 1]
            else:
                if char == "=" and equals < 0:
                    equals = at
                value += char
            at += 1
        at = min(at, size)
        if value == "--":
            return tuple(found), at
        name, given, argument = value[2:].partition("=")
        written = line.word(equals + 1, at) if equals >= 0 else None
        found.append(Flag(name, argument if given else None, line.word(start, at), written))


def check(keyword: str, flags: tuple[Flag, ...], complaints: Complaints) -> None:
    """Complains of flags that the instruction does not take, repeats, and lacks a value of."""
    if keyword in ("ARG", "STOPSIGNAL"):
        return  # BuildKit drops their flags without a word
    known = FLAGS.get(keyword, {})
    seen: set[str] = set()
    for flag in flags:
        kind = known.get(flag.name)
        if kind is None:
            near = nearest(flag.name, known)
            expected = ", ".join([f"--{name}" for name in known]) if known else "no flag"
            shown = f"did you mean --{near}?" if near else ""
            complaints.at(flag.word, f"{keyword} has no flag --{flag.name}", expected, shown)
            continue
        if flag.name in seen and kind != "many":
            complaints.at(flag.word, f"--{flag.name} is given twice", "one")
        seen.add(flag.name)
        if kind == "bool":
            if flag.value is not None and flag.value.lower() not in ("true", "false"):
                complaints.at(flag.word, f"--{flag.name}={flag.value}", "true or false")
        elif flag.value is None:
            complaints.at(flag.word, f"--{flag.name} without a value", f"--{flag.name}=VALUE")


def truth(flag: Flag | None) -> bool | None:
    """A boolean flag's value, None when it is not given."""
    if flag is None:
        return None
    return (flag.value or "true").lower() == "true"
