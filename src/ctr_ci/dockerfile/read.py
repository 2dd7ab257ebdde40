"""Reads one cut line into its typed instruction; what BuildKit would refuse goes to the complaints.

BuildKit `instructions/parse.go`, and the checks of `dockerfile2llb` that need no context. What
rules own is left to them: port numbers out of range, references to stages, image names. Readers
that few files need are imported when one does.
"""

from __future__ import annotations

from ctr_ci.dockerfile import flag as flags
from ctr_ci.dockerfile.complain import Complaints
from ctr_ci.dockerfile.cut import KEYWORDS
from ctr_ci.dockerfile.instruction import (
    Arg,
    Cmd,
    Entrypoint,
    Env,
    From,
    Instruction,
    Label,
    Line,
    Maintainer,
    Mount,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    Unknown,
    User,
    Volume,
    Workdir,
)
from ctr_ci.dockerfile.json_form import json_strings
from ctr_ci.dockerfile.path import copy_or_add
from ctr_ci.dockerfile.script import shell_text
from ctr_ci.dockerfile.text import Text, Word
from ctr_ci.dockerfile.words import blank_delimited, check_expansion, names, pairs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Reader = Callable[[Line, str, Complaints], Instruction | None]


def read(line: Line, escape: str, complaints: Complaints) -> Instruction:
    """The instruction that a line is; `Unknown` when it is none or lacks what it needs."""
    keyword = line.keyword.text.upper()
    reader = _READERS.get(keyword)
    if reader is None:
        near = complaints.slip(keyword, KEYWORDS)
        glued = [name for name in KEYWORDS if keyword.startswith((f"{name}[", f"{name}="))]
        expected = "an instruction such as FROM, RUN or COPY"
        help = f"did you mean {near}?" if near else "end the line before with \\ when this line belongs to it"
        if glued:
            help = f"a blank is missing behind {glued[0]}"
        complaints.at(line.keyword, f"the unknown instruction {line.keyword.text!r}", expected, help)
        return Unknown(line)
    if line.flags and not (keyword == "HEALTHCHECK" and line.arguments.text[:4].upper() == "NONE"):
        flags.check(keyword, line.flags, complaints)
    return reader(line, escape, complaints) or Unknown(line)


def _whole(line: Line) -> Word:
    return line.arguments.word(0, len(line.arguments.text))


def _from(line: Line, escape: str, complaints: Complaints) -> Instruction:
    given = blank_delimited(line.arguments)
    image = given[0] if given else _whole(line)
    as_ = name = None
    if len(given) == 3 and given[1].text.upper() == "AS":
        as_, name = given[1], given[2]
        if not _is_stage_name(name.text.lower()):
            complaints.at(name, f"the stage name {name.text!r}", "a letter, then letters, digits, - _ .")
    elif not given or image.text in ("''", '""'):
        complaints.at(line.keyword, "FROM without an image", "FROM image [AS name]")
    elif len(given) != 1:
        help = "a comment goes on a line of its own" if any(w.text[0] == "#" for w in given) else ""
        complaints.at(
            line.arguments.word(0, len(line.arguments.text)),
            f"FROM with {len(given)} words",
            "FROM image or FROM image AS name",
            help,
        )
        if len(given) > 2 and given[1].text.upper() == "AS":
            as_, name = given[1], given[2]
    platform = _value(line, "platform")
    for word in (image, platform):
        check_expansion(word, escape, complaints)
    return From(line, image, as_, name, platform)


def _is_stage_name(text: str) -> bool:
    rest = text.replace("-", "").replace("_", "").replace(".", "")
    return text.isascii() and text[:1].isalpha() and (rest.isalnum() or not rest)


def _value(line: Line, name: str) -> Word | None:
    for flag in reversed(line.flags):
        if flag.name == name and flag.argument is not None:
            at = flag.argument
            return Word(flag.value or "", at.start, at.end, at.source)
    return None


def _run(line: Line, escape: str, complaints: Complaints) -> Instruction:
    json = json_strings(line, line.arguments, complaints)
    for name, known in (("network", ("default", "none", "host")), ("security", ("insecure", "sandbox"))):
        word = _value(line, name)
        if word is not None and word.text not in known:
            complaints.at(word, f"--{name}={word.text}", ", ".join(known))
    mounts: tuple[Mount, ...] = ()
    if line.flags:
        from ctr_ci.dockerfile.mount import mount

        given = [flag for flag in line.flags if flag.name == "mount" and flag.value]
        mounts = tuple([mount(flag, complaints) for flag in given])
    script, whole, interpreter = shell_text(line, json)
    return Run(line, json, script, mounts, whole, interpreter)


def _command(line: Line, escape: str, complaints: Complaints) -> Instruction:
    json = json_strings(line, line.arguments, complaints)
    script = line.arguments if json is None else None
    made: Callable[[Line, tuple[Word, ...] | None, Text | None], Instruction]
    made = Cmd if line.keyword.text.upper() == "CMD" else Entrypoint
    return made(line, json, script)


def _copy(line: Line, escape: str, complaints: Complaints) -> Instruction | None:
    return copy_or_add(line, json_strings(line, line.arguments, complaints), escape, complaints)


def _env(line: Line, escape: str, complaints: Complaints) -> Instruction | None:
    keyword = line.keyword.text.upper()
    found, legacy = pairs(keyword, line.arguments, escape, complaints)
    for pair in found:
        check_expansion(pair.key, escape, complaints)
        check_expansion(pair.value, escape, complaints)
    if not found:
        return None
    return Env(line, found, legacy) if keyword == "ENV" else Label(line, found, legacy)


def _arg(line: Line, escape: str, complaints: Complaints) -> Instruction | None:
    own = Complaints(complaints.source)
    found = names(line.arguments, escape, own)
    for pair in found:
        check_expansion(pair.value, escape, own)
    complaints.problems += own.problems
    return Arg(line, found) if found else None


def _one(line: Line, escape: str, complaints: Complaints) -> Instruction | None:
    keyword, word = line.keyword.text.upper(), _whole(line)
    if not word.text:
        expected = {"USER": "USER name", "WORKDIR": "WORKDIR /folder", "STOPSIGNAL": "STOPSIGNAL SIGTERM"}
        complaints.at(line.keyword, f"{keyword} without an argument", expected.get(keyword, "one argument"))
        return None
    if keyword == "MAINTAINER":
        return Maintainer(line, word)
    check_expansion(word, escape, complaints)
    if keyword == "USER":
        return User(line, word)
    if keyword == "WORKDIR":
        return Workdir(line, word)
    from ctr_ci.dockerfile.signal import is_signal

    if "$" not in word.text and not is_signal(word.text.strip("\"'")):
        complaints.at(word, f"the signal {word.text!r}", "a name such as SIGTERM, or a number over 0")
    return Stopsignal(line, word)


def _volume(line: Line, escape: str, complaints: Complaints) -> Instruction | None:
    json = json_strings(line, line.arguments, complaints)
    paths = list(json) if json is not None else blank_delimited(line.arguments)
    if not paths:
        complaints.at(line.keyword, "VOLUME without a path", "VOLUME /folder")
        return None
    for path in paths:
        if not path.text.strip():
            complaints.at(path, "an empty VOLUME path", "VOLUME /folder")
        check_expansion(path, escape, complaints)
    return Volume(line, tuple(paths), json is not None)


def _shell(line: Line, escape: str, complaints: Complaints) -> Instruction | None:
    json = json_strings(line, line.arguments, complaints)
    if not json:
        complaints.at(
            _whole(line) if line.arguments.text else line.keyword,
            "SHELL "
            + ("without a command" if not line.arguments.text or json == () else "that is no JSON array"),
            'SHELL ["/bin/bash", "-c"]',
        )
        return None
    return Shell(line, json)


def _expose(line: Line, escape: str, complaints: Complaints) -> Instruction | None:
    from ctr_ci.dockerfile.port import expose

    return expose(line, escape, complaints)


def _healthcheck(line: Line, escape: str, complaints: Complaints) -> Instruction | None:
    from ctr_ci.dockerfile.healthcheck import healthcheck

    return healthcheck(line, escape, complaints)


def _onbuild(line: Line, escape: str, complaints: Complaints) -> Instruction | None:
    if not line.arguments.text:
        complaints.at(line.keyword, "ONBUILD without an instruction", "ONBUILD RUN …")
        return None
    keyword, given, arguments = flags.split(line.arguments, escape)
    start = keyword.start
    inner = Line(line.source, start, line.head_end, line.end, keyword, given, arguments, line.heredocs)
    if keyword.text.upper() in ("ONBUILD", "FROM", "MAINTAINER"):
        complaints.at(
            keyword, f"ONBUILD {keyword.text.upper()}", "another instruction: this one may not be triggered"
        )
        return Onbuild(line, Unknown(inner))
    return Onbuild(line, read(inner, escape, complaints))


_READERS: dict[str, Reader] = {
    "FROM": _from,
    "RUN": _run,
    "CMD": _command,
    "ENTRYPOINT": _command,
    "COPY": _copy,
    "ADD": _copy,
    "ENV": _env,
    "LABEL": _env,
    "ARG": _arg,
    "USER": _one,
    "WORKDIR": _one,
    "MAINTAINER": _one,
    "STOPSIGNAL": _one,
    "EXPOSE": _expose,
    "VOLUME": _volume,
    "SHELL": _shell,
    "HEALTHCHECK": _healthcheck,
    "ONBUILD": _onbuild,
}
