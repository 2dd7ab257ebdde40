""".dockerignore as moby/patternmatcher reads it."""

from __future__ import annotations

import pytest

from ctr_ci.lint.ignorefile import Ignore


@pytest.mark.parametrize(
    ("text", "path", "ignored"),
    [
        ("a\n", "a", True),
        ("a\n", "a/b/c", True),
        ("a\n", "b/a", False),
        ("/a\n", "a", True),
        ("./a/\n", "a", True),
        ("*.txt\n", "a.txt", True),
        ("*.txt\n", "d/a.txt", False),
        ("**/*.txt\n", "d/e/a.txt", True),
        ("**/*.txt\n", "a.txt", True),
        ("a/**\n", "a/b/c", True),
        ("*\n!a\n", "a", False),
        ("*\n!a\n", "b", True),
        ("a\n!a/b\n", "a/b", False),
        ("a\n!a/b\n", "a/c", True),
        ("a?c\n", "abc", True),
        ("[ab]c\n", "bc", True),
        ("# a\n", "a", False),
        ("a # b\n", "a", False),
        ("\ufeffa\n", "a", True),
        ("!\n", "a", False),
        ("\\*\n", "*", True),
        ("\\*\n", "a", False),
    ],
)
def test_a_path_is_left_out_or_not(text: str, path: str, ignored: bool) -> None:
    assert Ignore(text).ignored(path) is ignored
