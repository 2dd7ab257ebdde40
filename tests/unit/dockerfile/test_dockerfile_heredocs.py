"""Every form of here-document, and what a shell is given of a RUN."""

from __future__ import annotations

import pytest

from ctr_ci.dockerfile import Copy, Dockerfile, Onbuild, Run, parse
from ctr_ci.source import Source

D = "FROM debian:12\n"


def read(text: str) -> Dockerfile:
    return parse(Source("Dockerfile", D + text))


def first(text: str) -> Run:
    found = read(text).instructions[1]
    assert isinstance(found, Run)
    return found


@pytest.mark.parametrize(
    "mark", ["<<EOF", "<<-EOF", "<< EOF", "3<<EOF", '<<"EOF"', "<<'EOF'", "<<E\\OF", "-x <<EOF y"]
)
def test_each_spelling_takes_its_body(mark: str) -> None:
    dockerfile = read(f"RUN cat {mark}\nFROM evil\nEOF\nRUN b\n")
    assert [each.keyword for each in dockerfile.instructions] == ["FROM", "RUN", "RUN"]
    assert dockerfile.instructions[1].heredocs[0].body.text == "FROM evil\n"
    assert not dockerfile.problems


@pytest.mark.parametrize(
    "text",
    [
        "grep a <<<x",
        "echo '<<EOF'",
        'echo "<<EOF"',
        "echo $((1<<2))",
        "a<<EOF<<B",
        "echo 'x <<EOF",
        '["<<EOF"]',
    ],
)
def test_what_is_no_heredoc(text: str) -> None:
    assert not first(f"RUN {text}\nRUN b").heredocs


def test_quotes_stop_expansion_and_a_backslash_does_not() -> None:
    marks = {"<<E": True, "<<'E'": False, '<<"E"': False, "<<\\E": True}
    assert {mark: first(f"RUN {mark}\na\nE\n").heredocs[0].expand for mark in marks} == marks


def test_a_delimiter_may_hold_a_blank_in_quotes() -> None:
    assert first('RUN cat <<"A B"\nx\nA B\n').heredocs[0].name == "A B"


def test_several_bodies_follow_in_order() -> None:
    found = first("RUN cat <<A >/x && cat <<B >/y\n1\nA\n2\nB\nRUN c")
    assert [(h.name, h.body.text) for h in found.heredocs] == [("A", "1\n"), ("B", "2\n")]


def test_bodies_are_raw() -> None:
    found = first("RUN <<E\n# c\na \\\n\nb\nE\n")
    assert found.heredocs[0].body.text == "# c\na \\\n\nb\n"


def test_the_terminator_must_be_the_whole_line() -> None:
    found = first("RUN <<E\na\nE \n E\nE\n")
    assert found.heredocs[0].body.text == "a\nE \n E\n"


def test_a_dash_strips_tabs_and_no_blanks() -> None:
    found = first("RUN <<-E\n\ta\n  b\n\t\tE\n")
    assert found.heredocs[0].content == "a\n  b\n"
    assert found.script is not None
    assert found.script.text == "a\n  b\n"
    assert str(found.script.span(0, 1)) == "3:2-3:3"
    assert str(found.script.span(4, 5)) == "4:3-4:4"


@pytest.mark.parametrize("text", ["RUN echo $(( 1 <<2 ))", "RUN a # <<EOF", "COPY <<E /x\nabc"])
def test_a_missing_terminator_is_a_problem(text: str) -> None:
    dockerfile = read(text + "\nRUN b\n")
    assert "has no end" in dockerfile.problems[0].found
    assert dockerfile.instructions[-1].arguments.text == "b"


def test_a_heredoc_alone_is_the_script() -> None:
    found = first("RUN <<EOF\napt-get update\nmake\nEOF\n")
    assert found.heredoc_script
    assert found.script is not None
    assert found.script.text == "apt-get update\nmake\n"
    at = found.script.text.index("make")
    assert str(found.script.span(at, at + 4)) == "4:1-4:5"


def test_a_shebang_names_the_interpreter() -> None:
    python = first("RUN <<EOF\n#!/usr/bin/env python3\nprint('a | b')\nEOF\n")
    assert (python.interpreter, python.script) == ("/usr/bin/env python3", None)
    bash = first("RUN <<EOF\n#!/usr/bin/env -S bash -e\nx\nEOF\n")
    assert bash.script is not None
    assert bash.interpreter == "/usr/bin/env -S bash -e"


def test_a_command_and_its_heredoc_go_to_the_shell_as_one() -> None:
    found = first("RUN cat <<EOF >/x && ls\nh\nEOF\nRUN b")
    assert found.script is not None
    assert found.script.text == "cat <<EOF >/x && ls\nh\nEOF"
    assert not found.heredoc_script
    at = found.script.text.index("h\n")
    assert str(found.script.span(at, at + 1)) == "3:1-3:2"
    assert str(found.script.span(at + 2, at + 5)) == "4:1-4:4"


def test_copy_takes_files_by_heredoc_and_none_as_destination() -> None:
    dockerfile = read("COPY a <<E <<F /x/\n1\nE\n2\nF\n")
    found = dockerfile.instructions[1]
    assert isinstance(found, Copy)
    assert [word.text for word in found.sources] == ["a"]
    assert [each.name for each in found.heredocs] == ["E", "F"]
    assert "heredoc as the destination" in read("COPY a <<E\n1\nE\n").problems[0].found


def test_an_onbuild_instruction_has_the_heredocs() -> None:
    found = read("ONBUILD RUN <<E\napt-get install -y curl\nE\nRUN b").instructions[1]
    assert isinstance(found, Onbuild)
    assert isinstance(found.inner, Run)
    assert found.inner.script is not None
    assert found.inner.script.text == "apt-get install -y curl\n"
    assert str(found.inner.span) == "2:9-4:2"


def test_no_heredoc_where_the_instruction_takes_none() -> None:
    assert [each.keyword for each in read("CMD cat <<E\nRUN b").instructions] == ["FROM", "CMD", "RUN"]


def test_a_line_that_buildkit_cannot_lex_has_no_heredoc() -> None:
    assert not first("RUN echo ${x^^} <<E\nRUN b").heredocs
