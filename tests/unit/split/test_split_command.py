"""`ctr-ci split` without an engine: where the text goes, what is said, exit codes."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from ctr_ci.cli import main
from ctr_ci.split import TRIAL
from ctr_ci.verbs.split_context import read

GO = 'FROM golang:1.21-bookworm\nWORKDIR /src\nCOPY . .\nRUN go build -o app .\nCMD ["./app"]\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Dockerfile").write_text(GO)
    (tmp_path / "main.go").write_text("package main\n")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "index.html").write_text("<p>\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_change_is_a_diff_that_git_takes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["split", "Dockerfile"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("--- a/Dockerfile\n+++ b/Dockerfile\n@@")
    assert "+COPY --from=build /src/templates /src/templates" in said.out.splitlines()
    assert "Dockerfile: split; ships on debian:bookworm-slim" in said.err
    assert (folder / "Dockerfile").read_text() == GO


def test_write_puts_it_in_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["split", ".", "--write"]) == 0
    assert (folder / "Dockerfile").read_text().startswith("FROM golang:1.21-bookworm AS build\n")
    assert capsys.readouterr().out == ""
    assert main(["split", "."]) == 0
    assert "nothing to split: it has 2 stages" in capsys.readouterr().err


def test_output_goes_to_a_file_or_to_standard_output(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["split", "Dockerfile", ".", "-o", "../New"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["split", ".", "--output", "-"]) == 0
    assert capsys.readouterr().out == (folder.parent / "New").read_text()
    assert (folder / "Dockerfile").read_text() == GO


def test_line_ends_and_a_byte_order_mark_are_kept_when_it_is_written(folder: Path) -> None:
    (folder / "Dockerfile").write_bytes(b"\xef\xbb\xbf" + GO.replace("\n", "\r\n").encode())
    assert main(["split", ".", "--write"]) == 0
    raw = (folder / "Dockerfile").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfFROM ")
    assert raw.count(b"\n") == raw.count(b"\r\n")


def test_what_dockerignore_leaves_out_is_not_there_to_ship(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".dockerignore").write_text("templates\n")
    assert main(["split", ".", "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "split"
    assert [one["path"] for one in report["artefacts"]] == ["/src/app"]
    assert report["proof"] is None


def test_a_refusal_is_one_message_with_its_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "Dockerfile").write_text(GO.replace("./app", "/elsewhere"))
    assert main(["split", "Dockerfile"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "Dockerfile:5:1: error: cannot be split: nothing here is seen to make /elsewhere, which the image "
        "starts\nhelp: name what must ship with --keep PATH\n"
    )
    assert main(["split", "Dockerfile", "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["verdict"], report["line"], report["column"]) == ("refused", 5, 1)


WRONG = {
    "no such file": (["split", "nowhere"], "cannot read nowhere"),
    "two places": (["split", ".", "--write", "-o", "x"], "more than one of"),
    "a relative path": (["split", ".", "--keep", "data"], "an absolute path"),
    "a check without a proof": (["split", ".", "--check", "true"], "without --prove"),
    "no argument": (["split", ".", "--build-arg", "X"], "NAME=VALUE"),
    "no context": (["split", ".", "nowhere"], "is not a folder"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_said_and_ends_with_2(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, message = WRONG[name]
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_a_file_that_does_not_parse_ends_with_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "Dockerfile").write_text("FROM golang:1.21\nRUNN x\n")
    assert main(["split", "."]) == 2
    assert capsys.readouterr().err.startswith("Dockerfile:2:1: error: ")


def test_a_build_argument_is_read_into_the_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "Dockerfile").write_text("ARG V=1.21\n" + GO.replace("1.21-bookworm", "$V"))
    assert main(["split", ".", "--build-arg", "V=1.22-alpine3.19", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["runtime"] == "alpine:3.19"


@pytest.mark.parametrize("ignore", [None, "templates\n*.md", "*\n!main.go\n!templates\n"])
def test_a_trial_build_gets_the_context_and_a_dockerfile_that_no_copy_sees(
    folder: Path, ignore: str | None
) -> None:
    (folder / "README.md").write_text("x" * 513)
    (folder / "run.sh").symlink_to("main.go")
    if ignore is not None:
        (folder / ".dockerignore").write_text(ignore)
    context = read(folder, folder / "Dockerfile")
    with tarfile.open(fileobj=io.BytesIO(b"".join(context.tar({TRIAL: b"FROM scratch\n"})))) as packed:
        names = set(packed.getnames())
        told = packed.extractfile(".dockerignore")
        assert told is not None
        assert told.read().decode().split("\n")[-2:] == [f"{TRIAL}*", ""]
    expected = {"Dockerfile", "main.go", "README.md", "run.sh", "templates", "templates/index.html"}
    left = {None: set(), "templates\n*.md": {"README.md", "templates", "templates/index.html"}}
    gone = left.get(ignore, {"Dockerfile", "README.md", "run.sh"})
    assert names == (expected - gone) | {TRIAL, ".dockerignore"}


def test_writing_keeps_the_mode_and_the_link_and_leaves_nothing_beside(folder: Path) -> None:
    real = folder / "Real"
    (folder / "Dockerfile").rename(real)
    real.chmod(0o640)
    before = real.stat().st_ino
    (folder / "Dockerfile").symlink_to("Real")
    names = sorted(os.listdir(folder))
    assert main(["split", ".", "--write"]) == 0
    assert (folder / "Dockerfile").is_symlink()
    assert " AS build" in real.read_text()
    assert real.stat().st_mode & 0o7777 == 0o640
    assert real.stat().st_ino != before  # moved into place at once
    assert sorted(os.listdir(folder)) == names


def test_what_is_no_file_is_not_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(folder / "pipe")
    assert main(["split", "pipe"]) == 2
    assert "pipe is no regular file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("--runtime", "debian\nRUN x"),
        ("--runtime", "$X"),
        ("--package", "x; rm"),
        ("--package", "a b"),
        ("--keep", "/x\nRUN\ty"),
    ],
)
def test_an_option_cannot_bring_another_instruction(
    folder: Path, words: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["split", ".", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_name_in_a_file_cannot_speak_to_the_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "Dockerfile").write_text(GO.replace("CMD", "RUN echo > '/etc/x\x1b[31m'\nCMD"))
    assert main(["split", "."]) == 1
    said = capsys.readouterr()
    assert "/etc/x" in said.err
    assert "\x1b" not in said.err + said.out
