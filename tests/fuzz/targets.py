"""What must hold for any bytes: the properties that the fuzzers and the short test share.

A target takes bytes and raises AssertionError, or whatever broke, when one does not hold.
"""

from __future__ import annotations

import random
import time

from ctr_ci.dockerfile import Run, parse
from ctr_ci.lint import Safety, check, fix
from ctr_ci.settings import LintSettings, Name
from ctr_ci.shell import parse as parse_shell
from ctr_ci.source import Source

ALL = LintSettings(select=(Name("all"),))
# No input of a few kilobytes may take longer; the machine may be busy.
SECONDS = 5.0

PIECES = [
    "FROM debian:12\n",
    "FROM debian AS b\n",
    "FROM $X\n",
    "ARG X=1\n",
    "from scratch\n",
    "FROM b\n",
    "FROM --platform=",
    "RUN apt-get update && apt-get install -y gcc\n",
    "RUN apt-get install curl\n",
    "RUN apt install x",
    "RUN cd /x && make\n",
    "RUN <<EOF\na\nEOF\n",
    "RUN <<-E bash\n\tx | y\n\tE\n",
    "COPY <<A /x\n$B\nA\n",
    "COPY --from=b / /\n",
    "ADD a b c\n",
    "ADD x.tgz /\n",
    "RUN --mount=type=cache,target=/x ",
    "ENV A 1\n",
    "ENV A=1 B=$A\n",
    "LABEL a b\n",
    "MAINTAINER me <m@x>\n",
    "WORKDIR b\n",
    "USER root\n",
    "CMD a b\n",
    'CMD ["a", "b"]\n',
    'CMD ["a",]\n',
    "CMD ['a']\n",
    "ENTRYPOINT exec $A\n",
    "EXPOSE 80 90/tcp 1:2\n",
    "VOLUME /a\n",
    'SHELL ["/bin/bash", "-c"]\n',
    "HEALTHCHECK CMD a || b\n",
    "ONBUILD RUN x\n",
    "STOPSIGNAL 9\n",
    "# hadolint ignore=DL3008,DL3015\n",
    "# hadolint global ignore=all\n",
    "# ctr-ci: ignore=root why\n",
    "# check=skip=all;error=true\n",
    "# tally ignore=x;reason=y\n",
    "#checkov:skip=CKV_1: x\n",
    "# escape=`\n",
    "# syntax=a\n",
    "# ctr-ci: image-kind=app\n",
    "# hadolint shell=bash\n",
    "\\\n",
    " \\\n\n",
    "\\  \n",
    "`\n",
    "\n",
    "\r\n",
    "\t",
    " ",
    "\ufeff",
    "#",
    " # x \\\n",
    "&& ",
    "| tee ",
    "; ",
    "$(",
    ")",
    "${",
    "}",
    "${A:-b}",
    "'",
    '"',
    "<<",
    "<<EOF",
    "EOF\n",
    "if true; then ",
    "fi\n",
    "for i in a; do ",
    "done\n",
    "case x in a) ;; esac\n",
    "f() { x; }\n",
    "`a`",
    "$((1<<2))",
    "[[ a =~ b ]]",
    "\\",
    "é",
    "\x00",
    "a",
    "B",
    "0",
    "=",
    "/",
    "*",
    "{a,b}",
    "apk add --virtual .b gcc",
    "apk del .b",
    "pip install -r x",
    "npm ci\n",
    "curl x | sh\n",
    "wget http://x/a.tgz",
    "sudo ",
    "rm -rf /var/lib/apt/lists/*\n",
    "yum -y install a",
    "chmod -R 777 /\n",
]


def made(seed: int) -> bytes:
    """A text of pieces of Dockerfiles and a few stray bytes; the same for the same seed."""
    dice = random.Random(seed)
    text = "".join(dice.choice(PIECES) for _ in range(dice.randint(1, 40)))
    raw = bytearray(text.encode("utf-8"))
    for _ in range(dice.choice([0, 0, 0, 1, 3])):
        if raw:
            raw[dice.randrange(len(raw))] = dice.randrange(256)
    return bytes(raw)


def chosen(data: bytes) -> bytes:
    """A text of the pieces that the bytes choose: a fuzzer that changes a byte changes a piece."""
    return "".join(PIECES[byte % len(PIECES)] for byte in data[:60]).encode("utf-8")


def parser(data: bytes) -> None:
    """The Dockerfile and the shell of every RUN are read; places lie in the text, in order."""
    begun = time.monotonic()
    source = Source.decode("Dockerfile", data)
    dockerfile = parse(source)
    at = 0
    for instruction in dockerfile.instructions:
        start, end = source.offset(instruction.span.start), source.offset(instruction.span.end)
        assert at <= start <= end <= len(source.text), (at, start, end)
        at = end
        if isinstance(instruction, Run) and instruction.json is None:
            parse_shell(source.text[start:end])
    _in_time(begun)


def shell(data: bytes) -> None:
    """Any text is a script: what is found in it lies in it, under numbers that exist."""
    begun = time.monotonic()
    text = data.decode("utf-8", "replace")
    script = parse_shell(text)
    for command in script.commands:
        assert 0 <= command.start <= command.end <= len(text), command
        assert 0 <= command.pipeline < len(script.pipelines), command
        for word in command.words:
            assert 0 <= word.start <= word.end <= len(text), word
    for pipeline in script.pipelines:
        assert 0 <= pipeline.start <= pipeline.end <= len(text), pipeline
        assert all(0 <= at < len(script.commands) for part in pipeline.elements for at in part), pipeline
    for unread in script.unread:
        assert 0 <= unread.start <= unread.end <= len(text), unread
    again = parse_shell(text)
    assert (again.commands, again.unread) == (script.commands, script.unread)
    _in_time(begun)


def pragmas(data: bytes) -> None:
    """All rules and all pragmas bear the text, say the same twice, and point into it."""
    begun = time.monotonic()
    source = Source.decode("Dockerfile", data)
    dockerfile = parse(source)
    findings = check(dockerfile, ALL, None)
    for finding in findings:
        start, end = source.offset(finding.span.start), source.offset(finding.span.end)
        assert 0 <= start <= end <= len(source.text), finding
    assert [(f.rule.id, f.span, f.message) for f in findings] == [
        (f.rule.id, f.span, f.message) for f in check(dockerfile, ALL, None)
    ]
    _in_time(begun)


def fixes(data: bytes) -> None:
    """Fixes come to rest, leave nothing to a second run, and make no new problem."""
    begun = time.monotonic()
    source = Source.decode("Dockerfile", data)
    for safety in (Safety.SAFE, Safety.UNSAFE):
        once = fix(source, ALL, safety)
        again = fix(once.source, ALL, safety)
        assert again.source.text == once.source.text, safety
        assert len(parse(once.source).problems) <= len(parse(source).problems), safety
    _in_time(begun)


def _in_time(begun: float) -> None:
    assert time.monotonic() - begun < SECONDS, "too slow"


TARGETS = {"parser": parser, "shell": shell, "pragmas": pragmas, "fixes": fixes}
