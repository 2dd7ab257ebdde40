"""What BuildKit refuses is a problem with a place; what it takes is none."""

from __future__ import annotations

import pytest

from ctr_ci.dockerfile import Dockerfile, Unknown, parse
from ctr_ci.source import Source

D = "FROM debian:12\n"

REFUSED = {
    "FOO b": "FOO",
    "ENV A": "A",
    "ENV A=1 B": "B",
    "ENV =x": "=x",
    "ENV": "",
    'ENV A="x': '"x',
    "ENV A=${x^}": "${x^}",
    "ENV A=${x": "${x",
    "ARG =x": "=x",
    "ARG": "",
    "LABEL a": "a",
    "COPY a": "a",
    "COPY": "COPY",
    "COPY --chmod=999 a /b": "999",
    "COPY --chmod=10000 a /b": "10000",
    "COPY --chmod=u+q a /b": "u+q",
    "COPY https://e/x /b": "https://e/x",
    "COPY git@github.com:a/b.git /b": "git@github.com:a/b.git",
    "COPY --link=maybe a b": "--link=maybe",
    "COPY --from a b": "--from",
    "COPY --from=a --from=b c d": "--from=b",
    "COPY --chwon=1 c d": "--chwon=1",
    'COPY ["a", 1]': '["a", 1]',
    "COPY ['a b', 'c']": "['a",
    "ADD --from=x a b": "--from=x",
    "ADD --checksum=sha256:0 a b": "sha256:0",
    "ADD --checksum=sha256:0 https://a https://b c": "sha256:0",
    "USER": "USER",
    "WORKDIR": "WORKDIR",
    "STOPSIGNAL SIGFOO": "SIGFOO",
    "STOPSIGNAL 0": "0",
    "STOPSIGNAL": "STOPSIGNAL",
    "EXPOSE": "EXPOSE",
    "EXPOSE 80 # c": "#",
    "EXPOSE 9000-8000": "9000-8000",
    "EXPOSE http": "http",
    "VOLUME": "VOLUME",
    "VOLUME []": "VOLUME",
    'VOLUME [""]': '""',
    "SHELL bash -c": "bash -c",
    "SHELL []": "[]",
    'CMD ["a", 1]': '["a", 1]',
    "CMD --x a": "--x",
    "RUN --foo=b a": "--foo=b",
    "RUN --network=bridge a": "bridge",
    "RUN --security=none a": "none",
    "RUN --mount type=cache,target=/x a": "--mount",
    "HEALTHCHECK": "HEALTHCHECK",
    "HEALTHCHECK NONE x": "x",
    "HEALTHCHECK curl x": "curl",
    "HEALTHCHECK CMD": "CMD",
    "HEALTHCHECK --interval=5 CMD a": "--interval=5",
    "HEALTHCHECK --interval=1us CMD a": "--interval=1us",
    "HEALTHCHECK --timeout=-1s CMD a": "--timeout=-1s",
    "HEALTHCHECK --retries=-1 CMD a": "--retries=-1",
    "ONBUILD": "ONBUILD",
    "ONBUILD ONBUILD RUN a": "ONBUILD",
    "ONBUILD FROM a": "FROM",
    "ONBUILD MAINTAINER a": "MAINTAINER",
    "ONBUILD COPY a": "a",
    "MAINTAINER": "MAINTAINER",
    "FROM a # c": "a # c",
    "FROM a b": "a b",
    "FROM a AS 1b": "1b",
    "FROM a AS b/c": "b/c",
    "FROM": "FROM",
    'FROM ""': "FROM",
    "FROM a${x^^}": "a${x^^}",
}
TAKEN = [
    "RUN",
    "CMD",
    "CMD []",
    "ENTRYPOINT",
    "CMD ['a']",
    'CMD ["a",]',
    'CMD ["c:\\dir"]',
    'CMD ["a"] # b',
    "ENV A b c",
    "ENV A=\"b c\" D='e f' G=h\\ i",
    "ENV A=",
    "ENV A=$B C=${D:-e} F=${G:+h} I=${J#k} L=${M%%n} O=${P/q/r} S=${T//u/v}",
    "ARG A",
    "ARG A B=1 C=",
    "ARG --x A",
    "STOPSIGNAL --x 9",
    "STOPSIGNAL SIGRTMIN+3",
    "STOPSIGNAL term",
    "STOPSIGNAL $SIG",
    "LABEL a=b c='d e'",
    "LABEL a b c",
    "USER a b",
    "WORKDIR /x # c",
    "EXPOSE 80 443/tcp 53/udp 9/sctp 8000-8010 ${PORT:-8080} 8080/TCP",
    "EXPOSE 127.0.0.1:80:8080",
    "COPY a /b # c",
    "COPY a b c/",
    'COPY ["a b", "c"]',
    "COPY --chmod=u+x,g-w a b",
    "COPY --chmod=0755 --chown=1:1 --link --parents --exclude=a --exclude=b --from=x a b",
    "COPY --chmod=$MODE a b",
    "COPY --link=false a b",
    "ADD --keep-git-dir --unpack=true --checksum=sha256:0 https://a/b.git /c",
    "ADD git@github.com:a/b.git /s",
    "RUN -- echo --mount=x",
    "RUN --device=v.com/gpu=all,required a",
    "RUN --network=none --security=insecure a",
    "HEALTHCHECK --interval=1m30s --timeout=0 --start-period=5s --start-interval=1ms --retries=0 CMD a",
    "HEALTHCHECK NONE",
    "HEALTHCHECK --x NONE",
    'HEALTHCHECK CMD ["a"]',
    "ONBUILD RUN a",
    "VOLUME /a /b",
    'VOLUME ["/a"]',
    'SHELL ["/bin/bash", "-c"]',
    "MAINTAINER a b",
    "FROM --platform=$BUILDPLATFORM a:1@sha256:0 AS B-1_c.d",
    "from a as b",
]


def read(text: str) -> Dockerfile:
    return parse(Source("Dockerfile", text))


@pytest.mark.parametrize(("text", "place"), REFUSED.items())
def test_what_buildkit_refuses_is_a_problem_at_its_place(text: str, place: str) -> None:
    dockerfile = read(f"{D}{text}\nRUN last")
    found = next(p for p in dockerfile.problems if p.span)
    assert found.span is not None
    assert found.span.start.line == 2
    assert dockerfile.source.slice(found.span) == place
    assert found.expected
    assert found.path == "Dockerfile"
    assert dockerfile.instructions[-1].arguments.text == "last"


@pytest.mark.parametrize("text", TAKEN)
def test_what_buildkit_takes_is_no_problem(text: str) -> None:
    dockerfile = read(f"{D}{text}\nRUN last")
    assert [p.render() for p in dockerfile.problems] == []
    assert not any(isinstance(each, Unknown) for each in dockerfile.instructions)


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("RNU a", "did you mean RUN?"),
        ("ENTRYPOINT[]", "a blank is missing behind ENTRYPOINT"),
        ("COPY --form=a b c", "did you mean --from?"),
        ("RUN --mount=type=cach,target=/x a", "did you mean cache?"),
        ("RUN --mount=typ=cache,target=/x a", "did you mean type?"),
        ("COPY ./app", "COPY ./app . puts it into the working directory"),
        ("FROM a # c", "a comment goes on a line of its own"),
        ("COPY http://a b", "ADD fetches it"),
    ],
)
def test_a_problem_says_the_way_out(text: str, help: str) -> None:
    assert help in read(D + text).problems[0].help


MOUNTS = {
    "type=cach,target=/x": "mount type 'cach'",
    "type=cache,sharing=sh,target=/x": "sharing=sh",
    "sharing=shared,target=/x": "sharing in a bind mount",
    "type=cache,target=/": "over /",
    "type=bind,target=/./": "over /",
    "type=secret": "names no secret",
    "type=secret,env=A": "names no secret",
    "type=secret,id=a,source=b": "both source and id",
    "type=secret,id=a,from=b": "from in a secret mount",
    "type=ssh,source=a": "source in an ssh mount",
    "type=cache,target=/x,from=$A": "variable in a mount's from",
    "target=/x,foo=1": "'foo=1'",
    "target": "'target' in a --mount has no value",
    "target=/x,ro=maybe": "ro=maybe",
    "target=/x,required": "required in a bind mount",
    "target=/x,size=1": "size in a bind mount",
    "type=tmpfs,target=/x,size=big": "size=big",
    "type=cache,target=/x,mode=9": "mode=9",
    "target=/x,uid=1": "uid in a bind mount",
    'type=bind,"target=/x': "quotes do not close",
}


@pytest.mark.parametrize(("mount", "found"), MOUNTS.items())
def test_a_bad_mount_is_a_problem(mount: str, found: str) -> None:
    problems = read(f"{D}RUN --mount={mount} a".replace('"', '\\"')).problems
    assert any(found in p.found for p in problems)


@pytest.mark.parametrize(
    "mount",
    [
        "source=.",
        "type=bind,source=.",
        "type=cache",
        "type=cache,target=/x,id=a,sharing=locked,mode=0755,uid=1,gid=2",
        "type=tmpfs,target=/x,size=64m",
        "type=secret,id=a,required,env=A",
        "type=secret,source=a,required=true,mode=0400",
        "type=ssh",
        "type=$T,target=$X",
        "from=b,src=/a,dst=/c,rw",
        "type=cache,target=root/.cache",
    ],
)
def test_a_good_mount_is_none(mount: str) -> None:
    assert not read(f"{D}RUN --mount={mount} a").problems


def test_a_dollar_alone_in_an_argument_is_text() -> None:
    assert not read(D + "ENV A=a$ B=$\n").problems
