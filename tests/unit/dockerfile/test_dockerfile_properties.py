"""Laws that hold for any text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ctr_ci.dockerfile import Dockerfile, parse
from ctr_ci.source import Source

PIECES = [
    *("FROM ", "RUN ", "COPY ", "ADD ", "ENV ", "ARG ", "LABEL ", "ONBUILD ", "CMD ", "SHELL ", "USER "),
    *("EXPOSE ", "HEALTHCHECK ", "VOLUME ", "WORKDIR ", "STOPSIGNAL ", "MAINTAINER ", "ENTRYPOINT ", "from "),
    *(
        "FOO ",
        "a",
        "b:1",
        " AS x",
        "x",
        "=",
        " ",
        "  ",
        "\t",
        "\n",
        "\n\n",
        "\r\n",
        "\\\n",
        " \\\n",
        "\\",
        "`",
    ),
    *("`\n", "# c\n", "#", "# escape=`\n", "# syntax=x\n", "// syntax=y\n", "<<E", "<<-E", "<<'E'", "\nE\n"),
    *("\n\tE\n", "--from=x ", "--mount=type=cache,target=/x ", "--mount=", "--x", "-- ", "$", "${", "}"),
    *("${A:-b}", "$A", "'", '"', '["a", "b"]', "[", "]", '["sh", "-c", "x\\ty"]', "&&", "|", ";", "é", "😀"),
    *("\u2028", "\x0b", "\ufeff", "\x00", "\udc80", "80/tcp", "9-8", "NONE", "SIGTERM"),
]
texts = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


def read(text: str) -> Dockerfile:
    return parse(Source("Dockerfile", text))


@settings(max_examples=400, deadline=None)
@given(texts)
def test_spans_are_in_the_file_and_in_order(text: str) -> None:
    dockerfile = read(text)
    text = dockerfile.source.text
    at = 0
    for each in dockerfile.instructions:
        assert at <= each.start <= each.line.head_end <= each.end <= len(text)
        assert text[each.line.keyword.start : each.line.keyword.end].startswith(each.line.keyword.text[:1])
        at = each.end
        for word in (each.line.keyword, *[flag.word for flag in each.flags]):
            assert each.start <= word.start <= word.end <= each.line.head_end
        for heredoc in each.heredocs:
            assert heredoc.body.origins[0] <= len(text)
            assert heredoc.word.start <= heredoc.end <= each.end
    for problem in dockerfile.problems:
        assert problem.span is not None
        assert problem.span.start <= problem.span.end
        assert 1 <= problem.span.start.line <= len(dockerfile.source.lines)
    for comment in dockerfile.comments:
        assert text[comment.start] == "#"


@settings(max_examples=300, deadline=None)
@given(texts)
def test_each_character_of_the_arguments_is_where_it_says(text: str) -> None:
    dockerfile = read(text)
    for each in dockerfile.instructions:
        for part in (each.arguments, getattr(each, "script", None)):
            if part is None or (getattr(each, "json", None) is not None and part is not each.arguments):
                continue
            for at, char in enumerate(part.text):
                assert dockerfile.source.text[part.offset(at)] == char


@settings(max_examples=300, deadline=None)
@given(texts)
def test_every_prefix_reads_and_answers(text: str) -> None:
    for end in range(0, len(text), 3):
        dockerfile = read(text[:end])
        for stage in dockerfile.stages:
            dockerfile.after(stage)
        for each in dockerfile.instructions:
            dockerfile.before(each).expand(each.arguments.text)


@settings(max_examples=300, deadline=None)
@given(texts.filter(lambda text: "\r" not in text and "\x0b" not in text))
def test_crlf_reads_as_lf(text: str) -> None:
    unix, dos = read(text), read(text.replace("\n", "\r\n"))
    assert [i.keyword for i in unix.instructions] == [i.keyword for i in dos.instructions]
    assert [i.arguments.text for i in unix.instructions] == [i.arguments.text for i in dos.instructions]
    assert [p.found for p in unix.problems] == [p.found for p in dos.problems]


@settings(max_examples=200, deadline=None)
@given(texts)
def test_reading_again_gives_the_same(text: str) -> None:
    one, two = read(text), read(text)
    assert [(i.keyword, i.span) for i in one.instructions] == [(i.keyword, i.span) for i in two.instructions]
    assert one.problems == two.problems
