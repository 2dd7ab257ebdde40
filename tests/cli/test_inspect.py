"""`ctr-ci inspect` on bad input: one clear message and the documented exit code."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from unit.image.pack import archive, pack


def inspect(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ctr_ci", "inspect", *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "DOCKER_HOST": "unix:///nonexistent.sock"},
        timeout=60,
        check=False,
    )


def says(done: subprocess.CompletedProcess[str], code: int, *parts: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    for part in ("error: ", *parts):
        assert part in done.stderr, done.stderr


IMAGE = archive([pack({"etc/passwd": b"root\n" * 2000}), pack({"app": b"x" * 5000})])


def test_an_image_without_an_engine() -> None:
    says(inspect("app:latest"), 3, "/nonexistent.sock")


def test_an_archive_that_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "cut.tar"
    path.write_bytes(IMAGE[: len(IMAGE) // 2])
    says(inspect(str(path)), 2, "cut.tar: error: the archive ends after", "make it again")
    packed = gzip.compress(IMAGE)
    path.write_bytes(packed[: len(packed) // 2])
    says(inspect(str(path)), 2, "ends in the middle")


@pytest.mark.parametrize("raw", [b"hello, this is text\n" * 100, b"\0" * 4096, pack({"a": b"1"}), b""])
def test_a_file_that_is_no_image(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.tar"
    path.write_bytes(raw)
    says(inspect(str(path)), 2, "other.tar: error: ")


def test_an_archive_whose_layer_was_tampered_with(tmp_path: Path) -> None:
    path = tmp_path / "changed.tar"
    path.write_bytes(IMAGE.replace(b"xxxxx", b"yyyyy", 1))
    says(inspect(str(path)), 2, "as the image's config says")


def test_a_folder_that_is_no_image(tmp_path: Path) -> None:
    says(inspect(str(tmp_path)), 2, "is a folder, not an image", "index.json")


def test_an_archive_of_several_images_asks_which(tmp_path: Path) -> None:
    path = tmp_path / "two.tar"
    listing = [{"Config": "a.json", "RepoTags": [name], "Layers": []} for name in ("a:1", "b:1")]
    path.write_bytes(pack({"a.json": "{}", "manifest.json": json.dumps(listing)}))
    says(inspect(str(path)), 2, "an archive with 2 images", "say which")


@pytest.mark.parametrize(
    ("option", "value", "part"),
    [
        ("--max-size", "big", "'big' is no amount"),
        ("--max-waste", "150%", "'150%' is no amount"),
        ("--format", "yaml", "unknown format 'yaml'"),
        ("--format", "html:", "unknown format 'html:'"),
        ("--format", "html:/nonexistent/x.html", "cannot write /nonexistent/x.html"),
        ("--top", "many", "--top"),
    ],
)
def test_options_that_cannot_be_meant(option: str, value: str, part: str, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(IMAGE)
    says(inspect(str(path), option, value), 2, part)


def test_an_archive_that_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(IMAGE)
    done = inspect(str(path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("app:1  15 kB in 2 layers, 2 files\n")
    assert "\x1b" not in done.stdout
    colored = inspect(str(path), "--color", "always")
    assert "\x1b[1mapp:1" in colored.stdout
