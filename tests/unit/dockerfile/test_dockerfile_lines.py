"""How lines become instructions: continuation, comments and blank lines in it, BOM, line ends."""

from __future__ import annotations

import pytest

from ctr_ci.dockerfile import Dockerfile, Run, Unknown, parse
from ctr_ci.source import Source

D = "FROM debian:12\n"


def read(text: str) -> Dockerfile:
    return parse(Source("Dockerfile", text))


def keywords(text: str) -> list[str]:
    return [each.keyword for each in read(text).instructions]


def run(text: str) -> Run:
    found = [each for each in read(text).instructions if isinstance(each, Run)]
    return found[0]


def script(text: str) -> str:
    given = run(text).script
    assert given is not None
    return given.text


def test_a_comment_within_a_continuation_goes_and_its_backslash_does_not_continue() -> None:
    assert script(D + "RUN a \\\n  # c \\\n && b\nRUN c") == "a  && b"


def test_a_blank_line_within_a_continuation_continues_and_is_remembered() -> None:
    found = run(D + "RUN a \\\n\n \t\n && b\n")
    assert found.script is not None
    assert found.script.text == "a  && b"
    assert found.line.blanks == (3, 4)
    assert found.line.last_line == 5


def test_blanks_after_the_continuation_sign_do_not_matter() -> None:
    assert script(D + "RUN a \\ \t\n && b\n") == "a  && b"


@pytest.mark.parametrize("end", ["\\\\", "\\\\\\"])
def test_an_escaped_backslash_at_the_end_does_not_continue(end: str) -> None:
    assert keywords(f"{D}RUN a{end}\nRUN b\n") == ["FROM", "RUN", "RUN"]


def test_a_line_of_just_a_backslash_continues() -> None:
    assert script(D + "RUN a \\\n\\\nb\n") == "a b"
    assert keywords(D + "\\\nRUN b\n") == ["FROM", "RUN"]


def test_a_backslash_at_the_end_of_the_file_is_dropped() -> None:
    assert script(D + "RUN a \\") == "a"


def test_leading_blanks_go_before_an_instruction_and_stay_before_a_continuation() -> None:
    assert keywords(" \u00a0\tRUN a") == ["RUN"]
    assert script(D + "RUN a\\\n  b") == "a  b"


def test_only_a_line_feed_ends_a_line() -> None:
    assert script(D + "RUN a\rb\u2028c\x0bd\n") == "a\rb\u2028c\x0bd"


def test_crlf_reads_as_lf() -> None:
    text = D + "RUN a \\\n\n# c\n && b <<E\nx\nE\nCOPY a b\n"
    unix, dos = read(text), read(text.replace("\n", "\r\n"))
    assert [(i.keyword, i.span.start, i.arguments.text) for i in unix.instructions] == [
        (i.keyword, i.span.start, i.arguments.text) for i in dos.instructions
    ]
    assert dos.instructions[1].heredocs[0].name == "E"
    assert dos.instructions[1].heredocs[0].body.text == "x\r\n"


def test_a_byte_order_mark_is_no_part_of_the_first_keyword() -> None:
    dockerfile = parse(Source.decode("Dockerfile", b"\xef\xbb\xbfFROM a:1\nRUN b"))
    assert [each.keyword for each in dockerfile.instructions] == ["FROM", "RUN"]
    assert dockerfile.instructions[0].span.start.column == 1


def test_a_number_sign_elsewhere_is_text() -> None:
    dockerfile = read(D + "WORKDIR /x # c\nRUN x # c \\\n y\n")
    assert [each.arguments.text for each in dockerfile.instructions[1:]] == ["/x # c", "x # c  y"]


def test_keywords_come_in_any_case_and_keep_theirs() -> None:
    dockerfile = read("from a:1\nRuN b")
    assert [each.keyword for each in dockerfile.instructions] == ["FROM", "RUN"]
    assert dockerfile.instructions[1].line.keyword.text == "RuN"


def test_comments_keep_their_places() -> None:
    dockerfile = read("# one\nFROM a:1\n#\n  # two\nRUN b \\\n  # in\n c\n# last")
    assert [(c.text, c.line, c.inside) for c in dockerfile.comments] == [
        ("one", 1, False),
        ("", 3, False),
        ("two", 4, False),
        ("in", 6, True),
        ("last", 8, False),
    ]
    assert [c.text for c in dockerfile.instructions[1].line.above] == ["", "two"]
    assert str(dockerfile.comments[2].span) == "4:3-4:8"


def test_each_word_of_a_continued_line_has_its_own_place() -> None:
    found = read(D + "COPY a \\\n  # c\n  bb \\\n\n  /to/\n").instructions[1]
    words = found.arguments
    at = words.text.index("bb")
    assert str(words.span(at, at + 2)) == "4:3-4:5"
    at = words.text.index("/to/")
    assert str(words.word(at, at + 4).span) == "6:3-6:7"
    assert str(found.span) == "2:1-6:7"


def test_columns_count_characters() -> None:
    dockerfile = read(D + "RUN echo 'ä€😀' && x")
    text = dockerfile.instructions[1].arguments
    at = text.text.index("x")
    assert str(text.span(at, at + 1)) == "2:19-2:20"


def test_a_line_over_the_limit_is_a_problem_and_is_read_all_the_same() -> None:
    dockerfile = read(D + "RUN " + "x" * 65_532 + "\nRUN b\n")
    assert "65,535 bytes" in dockerfile.problems[0].found
    assert len(dockerfile.instructions) == 3
    assert not read(D + "RUN " + "x" * 65_531 + "\n").problems


@pytest.mark.parametrize("text", ["", "\n\n", "# only\n# comments", "ARG A\n"])
def test_a_file_without_a_stage_is_a_problem(text: str) -> None:
    assert len(read(text).problems) == 1


def test_parsing_goes_on_after_each_problem() -> None:
    dockerfile = read(D + "FOO b\nENV A\nRUN --x=1 c\nCOPY a\nRUN d\n")
    assert [p.span.start.line for p in dockerfile.problems if p.span] == [2, 3, 4, 5]
    assert dockerfile.instructions[-1].arguments.text == "d"
    assert [type(each) for each in dockerfile.instructions].count(Unknown) == 3


def test_a_stray_text_is_told_of_once() -> None:
    dockerfile = read(D + "&& make\n&& make install\n&& rm\nRUN a\n&& b")
    assert [p.span.start.line for p in dockerfile.problems if p.span] == [2, 6]
