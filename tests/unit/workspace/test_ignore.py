"""Which files gcloud would send: its patterns, and where they come from."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ctr_ci.problem import InputError
from ctr_ci.workspace.ignore import Ignore, ignore_of, parse

PATTERNS = (
    "*.log",
    "/only-root",
    "build/",
    "a/**/z",
    "doc/*.txt",
    "**/deep",
    "x/**",
    "[ab]?.c",
    "[!q]r",
    r"\#hash",
)
FILES = (
    "e.log",
    "d/e.log",
    "only-root",
    "d/only-root",
    "build/x",
    "d/build/x",
    "a/z",
    "a/b/c/z",
    "doc/a.txt",
    "doc/d/a.txt",
    "d/deep",
    "deep",
    "x/y",
    "ax.c",
    "cx.c",
    "wr",
    "qr",
    "#hash",
    "hash",
    "plain",
)


def matched(path: str, *lines: str) -> bool:
    ignore = Ignore(tuple(p for line in lines if (p := parse(line))))
    parts = path.split("/")
    return any(ignore.ignored("/".join(parts[: n + 1]), n + 1 < len(parts)) for n in range(len(parts)))


def test_patterns_match_as_git_matches_them(tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "core.excludesFile=/dev/null"]
    subprocess.run([*git, "init", "-q"], check=True)
    for file in FILES:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        if not (tmp_path / file).exists():
            (tmp_path / file).write_text("")
    for pattern in PATTERNS:
        (tmp_path / ".gitignore").write_text(pattern + "\n")
        done = subprocess.run(
            [*git, "check-ignore", "--no-index", "--stdin"],
            input="\n".join(FILES),
            capture_output=True,
            text=True,
            check=False,
        )
        theirs = set(done.stdout.replace('"', "").split())
        assert {file for file in FILES if matched(file, pattern)} == theirs, pattern


@pytest.mark.parametrize(
    ("path", "lines", "left_out"),
    [
        ("a.log", ("*.log", "!a.log"), False),
        ("a.log", ("!a.log", "*.log"), True),
        ("d/a", ("d/", "!d/a"), True),  # a child of an ignored folder stays out
        ("a b ", (r"a b\ ",), True),
        ("a b", ("a b   ",), True),
        ("", ("",), False),
    ],
)
def test_the_last_match_decides(path: str, lines: tuple[str, ...], left_out: bool) -> None:
    assert matched(path, *lines) is left_out


def test_without_any_file_all_is_sent(tmp_path: Path) -> None:
    assert not ignore_of(tmp_path).ignored("x.log", False)


def test_a_repository_sends_neither_git_nor_what_git_ignores(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("*.o\n")
    ignore = ignore_of(tmp_path)
    for path in (".git", ".gitignore", ".gcloudignore", "x.o"):
        assert ignore.ignored(path, False), path
    assert not ignore.ignored("x.c", False)


def test_an_empty_gcloudignore_sends_git_too(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gcloudignore").write_text("")
    assert not ignore_of(tmp_path).ignored(".git", True)


def test_103_an_included_file_applies_in_its_place(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.o\n#!include:other\n")
    (tmp_path / ".gcloudignore").write_text("#!include:.gitignore\n!keep.o\n*.c\n")
    ignore = ignore_of(tmp_path)
    assert ignore.ignored("x.o", False)
    assert ignore.ignored("x.c", False)
    assert not ignore.ignored("keep.o", False)


def test_a_missing_include_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / ".gcloudignore").write_text("#!include:nowhere\n")
    with pytest.raises(InputError, match="nowhere"):
        ignore_of(tmp_path)


def test_records_of_earlier_runs_are_never_sent(tmp_path: Path) -> None:
    (tmp_path / ".gcloudignore").write_text("!*\n")
    assert ignore_of(tmp_path).ignored(".ctr-ci", True)
