r"""The reference table of what a Dockerfile linter should say, row by row: which rule must speak, which
must stay silent. `D`, `A` stand for a Debian and an Alpine base; all rules are on.

Most rows are places where one or several of hadolint, tally and BuildKit are wrong today.
"""

from __future__ import annotations

import pytest

from ctr_ci.dockerfile import parse
from ctr_ci.lint import Context, Finding, check, select
from ctr_ci.settings import LintSettings, Name
from ctr_ci.source import Source

D = "FROM debian:12\n"
A = "FROM alpine:3.20\n"
U = "apt-get update &&"
I = "apt-get install -y --no-install-recommends"  # noqa: E741
RM = "rm -rf /var/lib/apt/lists/*"
APP = 'COPY . .\nCMD ["./a"]\n'

# (text, names that must be found, names that must not be)
ROWS: list[tuple[str, str, str]] = [
    ("# escape=`\nFROM mcr.microsoft.com/windows/servercore:x\nCOPY a c:\\\nRUN dir "
    "c:\\\n", "", "syntax-error shellcheck"),
    ("# hi\n# escape=`\n" + D + "RUN a \\\n && b\n", "bad-directive", ""),
    ("# escape=x\n" + D, "syntax-error", ""),
    ("\n# syntax=docker/dockerfile:1\n" + D, "bad-directive", ""),
    (D + "RUN a \\\n# c\n && b\n", "", "syntax-error empty-continuation"),
    (D + "RUN a \\\n\n && b\n", "empty-continuation", "shellcheck"),
    (D + "RUN a \\  \n && b\n", "", "empty-continuation shellcheck"),
    (D + "RUN a\\\\\nRUN b\n", "", "syntax-error"),
    ("\ufeff" + D + "RUN a\n", "", "syntax-error from-invalid"),
    ("FROM debian:12\r\nRUN a\r\n", "", "syntax-error from-invalid"),
    ("FROM\t\tdebian:12\nRUN a\n", "", "syntax-error from-invalid"),
    (D + "RUN <<EOF\na\nEOF\nRUN b\n", "", "syntax-error"),
    (D + "RUN <<EOF\na\nEOF\n# c\nRUN b\n", "", "syntax-error"),
    (D + "RUN cat <<A >/x && cat <<B >/y\n1\nA\n2\nB\n", "", "syntax-error"),
    (D + 'COPY <<-"E" /x\n\tFROM evil\n\tE\n', "", "syntax-error untagged"),
    (D + "RUN cat << EOF > /x\nh\nEOF\n", "", "syntax-error"),
    (D + "RUN <<EOF bash\nset -euo pipefail\ncurl -f x | tar x\nEOF\n", "", "pipefail syntax-error"),
    (D + "RUN <<EOF\n#!/usr/bin/env python3\nprint('a | b')\nEOF\n", "", "pipefail syntax-error shellcheck"),
    (D + "RUN echo $(( 1 <<2 ))\n", "syntax-error", ""),
    (D + "RUN a # <<EOF\n", "syntax-error", ""),
    (D + "RUN echo $((1<<2))\n", "", "syntax-error"),
    (D + "RUN echo '<<EOF'\n", "", "syntax-error"),
    (D + "RUN grep a <<<x\n", "", "syntax-error"),
    (D + "RUN cat <<-E\n\tx\n\tE\nRUN b\n", "", "syntax-error"),
    (D + "ONBUILD RUN <<E\napt-get install -y curl\nE\n", "no-recommends", ""),
    (D + 'CMD ["a",]\n', "bad-json exec-form", ""),
    (D + "CMD ['a']\n", "bad-json exec-form", ""),
    (D + 'CMD ["a", 1]\n', "syntax-error", ""),
    *[(D + f"{bad}\n", "syntax-error", "") for bad in
      ("FOO b", "ENV A", "ENV A=1 B", "COPY a", "LABEL a", "USER")],
    (D + "RUN\n", "", "syntax-error"),
    (D + "CMD []\n", "", "syntax-error exec-form bad-json"),
    *[(D + f"{bad}\n", "syntax-error", "") for bad in
      ("VOLUME []", "SHELL bash -c", "STOPSIGNAL SIGFOO", "ENV =x", "ARG =x")],
    *[(D + f"RUN --mount={bad} a\n", "syntax-error", "") for bad in
      ("type=cach,target=/x", "type=cache,target=/x,sharing=sh", "type=cache,target=/", "type=secret")],
    (D + "RUN --mount type=cache,target=/x a\n", "syntax-error", "shellcheck"),
    (D + "RUN --foo=b a\n", "syntax-error", "shellcheck"),
    (D + "RUN -- echo --mount=x\n", "", "syntax-error shellcheck"),
    (D + "RUN --device=v.com/gpu=all a\n", "", "syntax-error shellcheck"),
    (D + "RUN --mount=type=bind,source=. a\n", "", "syntax-error"),
    *[(D + f"{bad}\n", "syntax-error", "") for bad in
      ("COPY --chmod=999 a /b", "COPY https://e/x /b", "EXPOSE 9000-8000")],
    (D + "EXPOSE 70000\n", "expose", ""),
    (D + "EXPOSE 80/http\n", "expose", ""),
    (D + "EXPOSE 127.0.0.1:80:8080\n", "expose", "syntax-error"),
    (D + "EXPOSE 8080/TCP\n", "expose", ""),
    (D + "EXPOSE ${PORT:-8080}\n", "", "expose syntax-error undefined-var"),
    (D + "EXPOSE 9/sctp\n", "", "expose syntax-error"),
    (D + "HEALTHCHECK CMD curl -f l || exit 1\n", "", "exec-form"),
    ("ARG A\n", "syntax-error", ""),
    ("# c\n", "syntax-error", ""),
    ("", "syntax-error", ""),
    ("FROM debian:12 AS 1b\n", "syntax-error", ""),
    ("FROM Debian:12\n", "from-invalid", ""),
    ("FROM debian:12@sha256:abc\n", "from-invalid", ""),
    ("FROM debian:12 AS Base\nFROM Base\n", "stage-name-casing from-invalid", ""),
    ("FROM debian:12 AS Base\nFROM base\n", "stage-name-casing", "untagged"),
    ("FROM debian:12 AS Builder\n" + D + "COPY --from=builder /a "
    "/b\n", "stage-name-casing", "copy-from-unknown"),
    ("From alpine:3 as c\n", "instruction-casing", ""),
    (D + "copy a /b\nRun a\nrun b\n", "instruction-casing", ""),
    ("FROM a:1 AS a\nCOPY --from=b /x /y\nFROM b:1 AS b\nCOPY --from=a /x "
    "/y\n", "copy-from-self", "copy-from-unknown"),
    ("FROM debian\n", "untagged", ""),
    ("ARG B=debian\nFROM $B\n", "untagged", ""),
    ("ARG B=debian:latest\nFROM $B\n", "latest", "untagged"),
    ("ARG N=1\nFROM debian:12 AS img1\nFROM img$N\n", "", "untagged builder-stage-unused"),
    ("FROM localhost:5000/app\n", "untagged", ""),
    ("FROM debian:$U\n", "arg-from", ""),
    ("ARG T\nFROM debian:$T\n", "arg-from", ""),
    ("FROM --platform=linux/amd64 debian:12\n", "platform-const", ""),
    ("FROM --platform=linux/amd64 debian:12 AS build-amd64\n", "", "platform-const"),
    ("FROM scratch\nRUN a\n", "shell-in-scratch", ""),
    ("FROM scratch\nCOPY a /a\nCMD /a\n", "shell-in-scratch", ""),
    ("FROM debian:12 AS u\nRUN x\nFROM alpine:3\n", "builder-stage-unused", ""),
    ("FROM d:1 AS build\nFROM d:1 AS prod\nFROM d:1 AS dev\n", "", "builder-stage-unused"),
    (A + "COPY --from=ctx /a /b\n", "", "copy-from-unknown"),
    (A + "COPY --from=5 /a /b\n", "copy-from-unknown", ""),
    (A + "COPY --from=$IMG /a /b\n", "copy-from-unknown", ""),
    ("FROM a:1 AS b\nFROM scratch\nCOPY --from=b / /\n", "copy-all-from-builder", ""),
    (D + f"RUN {U} {I} curl && rm -rf /tmp/foo\n", "apt-lists", ""),
    (D + f"RUN {RM} && {U} {I} curl\n", "apt-lists", ""),
    (D + f"RUN {U} {I} curl && find /var/lib/apt/lists -type f -delete\n", "", "apt-lists"),
    (D + f"RUN {U} {I} curl\nRUN {RM}\n", "removed-in-later-layer", ""),
    (D + f"RUN apt-get update\nRUN {I} curl\n", "update-alone apt-lists", ""),
    (D + f"RUN --mount=type=cache,target=/var/lib/apt --mount=type=cache,target=/var/cache/apt {U} {I} "
    "curl\n", "",
     "apt-lists missing-multi-stage build-in-ship-image"),
    (D + "RUN sh -c 'apt-get install curl'\n", "assume-yes no-recommends", ""),
    (D + f"RUN buildDeps='gcc=4:12 make=4.3' && {I} $buildDeps\n", "", "apt-pin"),
    (A + "RUN apk update && apk add c && rm -rf /var/cache/apk/*\n", "", "apk-cache"),
    (A + "RUN --mount=type=cache,target=/etc/apk/cache apk add c\n", "", "apk-cache"),
    (A + "RUN apk add --no-cache --virtual .b gcc musl-dev && make && apk del .b\n", "",
     "missing-multi-stage build-in-ship-image"),
    ("FROM centos:7\nRUN yum install -y g-1 && rm -rf /tmp/x\n", "rpm-cache", ""),
    ("FROM archlinux:base\nRUN pacman -S gcc\n", "assume-yes rpm-cache", ""),
    (D + "RUN pipx install p\n", "", "other-pin pip-cache"),
    (D + "RUN pip install --no-cache-dir -U pip\n", "", "other-pin"),
    (D + "RUN (cd /t && make) && cd /\n", "", "cd"),
    (D + "RUN cd /t && ls\n", "cd", ""),
    (D + "RUN curl -f x | tar xz\n", "pipefail", ""),
    (D + 'SHELL ["/usr/bin/bash","-euxo","pipefail","-c"]\nRUN a | b\n', "", "pipefail"),
    (A + 'SHELL ["/bin/sh","-eo","pipefail","-c"]\nRUN a | b\n', "", "pipefail"),
    ('FROM d:1 AS a\nSHELL ["/bin/bash","-o","pipefail","-c"]\nFROM a\nRUN x | y\n', "", "pipefail"),
    (D + "RUN set -o pipefail && x | y\n", "pipefail", ""),
    (D + 'SHELL ["/bin/bash","-c"]\nRUN set -o pipefail; x | y\n', "", "pipefail"),
    (D + 'RUN ["bash","-o","pipefail","-c","x | y"]\n', "", "pipefail"),
    (D + "RUN echo a | grep b || true\n", "", "pipefail"),
    (D + "RUN echo r:s | chpasswd\n", "chpasswd", "pipefail"),
    ("FROM mcr.microsoft.com/windows/servercore:x\nRUN dir | more\n", "", "pipefail"),
    ("FROM d:1 AS a\nRUN curl x\nFROM d:1\nCOPY --from=a /x /x\nRUN wget -q x\n", "", "wget-and-curl"),
    (D + f"RUN {I} wget curl\n", "wget-and-curl", ""),
    (D + "RUN useradd --uid 123456 x\n", "useradd-l", ""),
    (D + "RUN a \\\n && b # note \\\n && c\n", "comment-swallows", "shellcheck"),
    (D + "ADD git@github.com:a/b.git /s\n", "", "copy-not-add"),
    (D + "COPY a.tgz /t/\nRUN tar xzf /t/a.tgz\n", "add-unpack", ""),
    ("FROM d:1 AS a\nWORKDIR /x\nFROM a\nCOPY a b\n", "", "relative-copy"),
    (D + "WORKDIR b\n", "relative-workdir", ""),
    (D + 'WORKDIR ""\n', "relative-workdir", ""),
    (D + "WORKDIR /a\nWORKDIR b\n", "", "relative-workdir"),
    (D + "USER root\nRUN x\nUSER 1000\n", "", "user-numeric root"),
    (D + "ENV UID=1000\nUSER $UID\n", "", "user-numeric"),
    (D + 'CMD ["a"]\nCMD ["b"]\n', "multiple-instructions", ""),
    (D + "ENV A=1 B=$A\n", "env-self", "undefined-var"),
    (D + "COPY a ${U:-/x}/\n", "", "undefined-var"),
    (D + "WORKDIR $HOME/a\n", "undefined-var", ""),
    (D + "ENV GIT_USERNAME=b TOKENIZERS_PARALLELISM=1 SSH_PRIVATE_PATH=/x\n", "", "secret-arg"),
    (D + "ENV GPG_KEY=0123456789012345678901234567890123456789\n", "", "secret-arg"),
    (D + "RUN git config --global http.sslVerify false\n", "tls-off", ""),
    (D + "RUN curl -u u:p https://x\n", "secret-in-code", ""),
    (D + "COPY .env id_rsa /a/\n", "secret-in-code", ""),
    (D + "VOLUME /d\nRUN touch /d/x\n", "volume-loss", ""),
    (D + "COPY a /a\nRUN rm /a\n", "removed-in-later-layer", ""),
    ("# hadolint ignore=DL3006 # why\nFROM debian\n", "", "untagged"),
    ("# hadolint ignore=DL3006\n\nFROM debian\n", "", "untagged"),
    (D + f"RUN {U} \\\n# hadolint ignore=DL3015\n apt-get install -y c && {RM}\n", "", "no-recommends"),
    (D + "# check=skip=JSONArgsRecommended\nCMD a\n", "", "exec-form"),
    (D + "# check=skip=JSONArgsRecommended;error=true\nCMD a\n", "", "exec-form"),
    ('FROM golang:1\nCOPY . .\nRUN go build -o /app\nCMD ["/app"]\n', "build-in-ship-image", ""),
    ('FROM gcc:13\nCOPY . .\nRUN make\nCMD ["./a"]\n', "build-in-ship-image", ""),
    ('FROM maven:3\nCOPY . .\nRUN mvn -q package\nCMD ["java","-jar","a.jar"]\n', "build-in-ship-image", ""),
    ('FROM node:20\nCOPY . .\nRUN npm run build\nCMD ["node","a.js"]\n', "build-in-ship-image", ""),
    ('FROM golang:1 AS b\nRUN go build -o /app\nFROM golang:1\nCOPY --from=b /app /app\nCMD ["/app"]\n',
     "build-in-ship-image", ""),
    (f'FROM node:20 AS b\nRUN x\nFROM node:20\nCOPY . .\nRUN {U} {I} build-essential\nCMD ["node","a.js"]\n',
     "build-in-ship-image", ""),
    (f"FROM python:3.12-slim\nRUN {U} {I} gcc libpq-dev && pip install --no-cache-dir p "
     "&& apt-get purge -y --auto-remove gcc libpq-dev\nCOPY . .\nCMD [\"python\",\"a.py\"]\n",
     "apt-lists", "missing-multi-stage build-in-ship-image"),
    (f"FROM mcr.microsoft.com/devcontainers/base:b\nRUN {U} {I} build-essential\n", "apt-lists",
     "missing-multi-stage build-in-ship-image"),
    ('FROM golang:1\nWORKDIR /s\nCOPY . .\nCMD ["go","run","."]\n', "", "build-in-ship-image "
    "missing-multi-stage"),
    (D + f"RUN {U} {I} build-essential && {RM}\n", "", "build-in-ship-image missing-multi-stage"),
]  # fmt: skip

SEVERITIES = [
    ("FROM a:1 AS b\nFROM scratch\nCOPY --from=b / /\n", "copy-all-from-builder", "info"),
    ("ARG T\nFROM debian:$T\n", "arg-from", "info"),
    (D + "EXPOSE 70000\n", "expose", "error"),
    (D + "EXPOSE 127.0.0.1:80:8080\n", "expose", "warning"),
    (D + "EXPOSE 8080/TCP\n", "expose", "style"),
    (D + "RUN set -o pipefail && x | y\n", "pipefail", "error"),
    (A + "COPY --from=5 /a /b\n", "copy-from-unknown", "error"),
    ('FROM golang:1\nCOPY . .\nRUN go build -o /app\nCMD ["/app"]\n', "build-in-ship-image", "error"),
]


def linted(text: str) -> tuple[Finding, ...]:
    settings = LintSettings(select=(Name("all"),))
    context = Context(entries=frozenset(["Dockerfile"]))
    return check(parse(Source("Dockerfile", text)), settings, context, select(settings))


@pytest.mark.parametrize(("text", "found", "silent"), ROWS, ids=[repr(row[0])[:60] for row in ROWS])
def test_row(text: str, found: str, silent: str) -> None:
    names = [finding.rule.name for finding in linted(text)]
    assert set(found.split()) <= set(names)
    assert not set(silent.split()) & set(names)


@pytest.mark.parametrize(("text", "name", "severity"), SEVERITIES)
def test_severity(text: str, name: str, severity: str) -> None:
    assert [one.severity.value for one in linted(text) if one.rule.name == name] == [severity]


def test_two_instructions_of_another_case_are_two_findings() -> None:
    found = [f for f in linted(D + "copy a /b\nRun a\nrun b\n") if f.rule.name == "instruction-casing"]
    assert [one.span.start.line for one in found] == [1, 3]


def test_the_earlier_of_two_cmds_is_the_dead_one() -> None:
    found = [f for f in linted(D + 'CMD ["a"]\nCMD ["b"]\n') if f.rule.name == "multiple-instructions"]
    assert [one.span.start.line for one in found] == [2]


def test_a_stage_pragma_silences_its_stage_only() -> None:
    stage = "FROM d:1\nRUN apt-get install -y x\n"
    text = f"# hadolint stage ignore=DL3015\n{stage}{stage}"
    assert [f.span.start.line for f in linted(text) if f.rule.name == "no-recommends"] == [5]


def test_a_copied_heredoc_with_a_from_in_it_is_one_stage() -> None:
    assert len(parse(Source("Dockerfile", D + 'COPY <<-"E" /x\n\tFROM evil\n\tE\n')).stages) == 1


def test_an_escaped_escape_at_the_end_does_not_continue() -> None:
    assert len(parse(Source("Dockerfile", D + "RUN a\\\\\nRUN b\n")).instructions) == 3
