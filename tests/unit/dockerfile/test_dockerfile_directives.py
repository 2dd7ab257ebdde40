"""Parser directives at the top of the file."""

from __future__ import annotations

import pytest

from ctr_ci.dockerfile import Dockerfile, parse
from ctr_ci.source import Source


def read(text: str) -> Dockerfile:
    return parse(Source("Dockerfile", text))


def value(text: str, name: str) -> str | None:
    found = read(text).directive(name)
    return found.value if found else None


@pytest.mark.parametrize(
    ("text", "escape"),
    [
        ("# escape=`\nFROM a", "`"),
        ("#ESCAPE = `\r\nFROM a", "`"),
        ("# syntax=x\n# check=skip=all\n# escape=`\nFROM a", "`"),
        ("# hi\n# escape=`\nFROM a", "\\"),
        ("\n# escape=`\nFROM a", "\\"),
        ("#\n# escape=`\nFROM a", "\\"),
        ("#!/x\n# escape=`\nFROM a", "\\"),
        ("# escape=\\\nFROM a", "\\"),
    ],
)
def test_escape_counts_only_at_the_very_top(text: str, escape: str) -> None:
    assert read(text).escape == escape


def test_a_windows_file_keeps_its_backslashes() -> None:
    dockerfile = read("# escape=`\nFROM w:1\nCOPY a c:\\\nRUN dir `\n c:\\\n")
    assert [each.arguments.text for each in dockerfile.instructions[1:]] == ["a c:\\", "dir  c:\\"]
    assert not dockerfile.problems


def test_a_bad_escape_and_a_second_directive_are_problems() -> None:
    assert "escape character 'x'" in read("# escape=x\nFROM a").problems[0].found
    assert read("# syntax=a\n# syntax=b\nFROM a").problems[0].found == "a second syntax directive"


@pytest.mark.parametrize(
    ("text", "syntax"),
    [
        ("# syntax=docker/dockerfile:1\nFROM a", "docker/dockerfile:1"),
        ("#!/usr/bin/env x\n# syntax=y\nFROM a", "y"),
        ("// syntax=y\nwhatever", "y"),
        ('{"syntax": "y", "x": 1}', "y"),
        ("FROM a\n# syntax=y", None),
    ],
)
def test_syntax_is_found_in_each_form(text: str, syntax: str | None) -> None:
    assert value(text, "syntax") == syntax


def test_a_file_in_another_language_has_no_instructions_and_no_problems() -> None:
    dockerfile = read("// syntax=y\nnot a dockerfile")
    assert dockerfile.foreign
    assert not dockerfile.instructions
    assert not dockerfile.problems


def test_check_is_cut_at_the_first_blank() -> None:
    found = read("# check=skip=A, B;error=true\nFROM a").directive("check")
    assert found is not None
    assert found.effective == "skip=A,"
    assert str(found.value_word.span) == "1:9-1:29"


def test_check_is_heeded_below_a_shebang() -> None:
    assert value("#!/x\n# check=skip=A\nFROM a", "check") == "skip=A"
