"""Limits: what is asked, and by how much it is broken."""

from __future__ import annotations

import pytest

from ctr_ci.image import Amount, Limits, breaches
from ctr_ci.image.limits import glob
from ctr_ci.problem import InputError
from unit.image.pack import weigh


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("120MB", 120_000_000),
        ("1.5GiB", 1_610_612_736),
        ("500k", 500_000),
        (" 7 kB ", 7000),
        ("10%", 100),
    ],
)
def test_amounts_are_bytes_or_a_part(text: str, size: int) -> None:
    assert Amount.parse(text).of(1000) == size


@pytest.mark.parametrize("text", ["", "much", "-1", "1 TB", "101%", "1..2", "MB"])
def test_other_texts_are_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(InputError) as error:
        Amount.parse(text)
    assert "120MB" in error.value.problems[0].expected


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("*.pem", "etc/ssl/key.pem", True),
        ("*.pem", "key.pem.txt", False),
        ("/etc/*.pem", "etc/ssl/key.pem", False),
        ("/etc/**/*.pem", "etc/ssl/a/key.pem", True),
        ("/etc/**/*.pem", "etc/key.pem", True),
        ("**/.git/**", "app/.git/config", True),
        ("**/.git/**", ".git/config", True),
        ("id_[re]*", "root/.ssh/id_rsa", True),
        ("[!a]", "b", True),
        ("[!a]", "a", False),
        ("usr/bin/gcc?12", "usr/bin/gcc-12", True),
        ("a+b(c)", "x/a+b(c)", True),
        (".git", "app/.git/config", True),
        (".git", "app/.gitignore", False),
        (".git/", "app/.git/config", True),
        (".git/", "app/.git", False),
        ("/src/", "src/deep/main.c", True),
        ("/src/", "app/src/main.c", False),
        ("root/.ssh", "root/.ssh/config", True),
        ("*.d", "etc/conf.d/x", False),
        ("*.d/", "etc/conf.d/x", True),
        ("**/*.c", "main.c", True),
        ("src/**", "src/a/b", True),
        ("src/**", "src", False),
        ("a**z", "a/b/z", True),
        ("?", "ab", False),
        ("[!a-c]", "x/d", True),
        ("x[!a]y", "x/y", False),
        ("[a^]", "^", True),
        (r"[a\\b]", "\\", True),
        ("[[]", "[", True),
        ("a[b", "a[b", True),
        ("*.pem", "etc/a\nb.pem", True),
        ("caf\udce9", "caf\udce9", True),
    ],
)
def test_globs_fit_paths_from_the_root_and_bare_names_anywhere(pattern: str, path: str, fits: bool) -> None:
    assert glob(pattern)(path) is fits


@pytest.mark.parametrize("pattern", ["", "/", "//", "[z-a]"])
def test_what_is_no_glob_is_refused_before_an_image_is_read(pattern: str) -> None:
    with pytest.raises(InputError) as error:
        Limits(no_file=(pattern,))
    assert "*.pem" in error.value.problems[0].expected


def test_a_broken_limit_says_which_and_by_how_much() -> None:
    weight = weigh({"usr/include/a.h": b"x" * 3000, "key.pem": b"y" * 1000}, {".wh.key.pem": ""})
    limits = Limits(Amount.parse("3kB"), Amount.parse("0"), Amount.parse("10%"), ("*.pem", "*.none"))
    found = {each.limit: each for each in breaches(weight, limits, lambda size: f"{size} bytes")}
    assert set(found) == {"max-size", "max-build-bytes", "max-waste", "no-file"}
    assert found["max-size"].text == "the image weighs 4000 bytes, 1000 bytes over max-size 3kB"
    assert (
        found["max-build-bytes"].text
        == "it ships 3000 bytes that only built it, 3000 bytes over max-build-bytes 0"
    )
    assert (found["max-waste"].found, found["max-waste"].allowed) == (1000, 400)
    assert found["no-file"].text == "no-file *.pem: /key.pem (deleted by layer 2, still in layer 1)"


def test_an_empty_file_is_a_file_too() -> None:
    weight = weigh({"etc/.env": b""})
    assert breaches(weight, Limits(no_file=(".env",)), str)
    assert not breaches(weight, Limits(Amount.parse("0"), Amount.parse("0"), Amount.parse("0")), str)
