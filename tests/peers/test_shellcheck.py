"""The real shellcheck on the scripts of Dockerfiles: its findings stand where the Dockerfile has them,
through continuations, comments, heredocs and JSON forms; what Docker sets is known to it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
# (Dockerfile, code of shellcheck, what the finding's place covers, its line)
PLACES = [
    ("FROM debian:12\nRUN echo a \\\n    # note \\\n\n  && echo é $Y\n", "SC2086", "$Y", 5),
    ("FROM debian:12\nRUN \\\n\tcp \\\n\t\t$A \\\n\t\t/b\n", "SC2086", "$A", 4),
    ("# escape=`\nFROM debian:12\nRUN true `\n  && rm $A\n", "SC2086", "$A", 4),
    ("FROM debian:12\r\nRUN true \\\r\n  && rm $A\r\n", "SC2086", "$A", 3),
    ("\ufeffFROM debian:12\nRUN rm $A\n", "SC2086", "$A", 2),
    ("FROM debian:12\nRUN <<EOF\nset -e\nrm $A\nEOF\n", "SC2086", "$A", 4),
    ("FROM debian:12\nRUN <<-EOF\n\trm $A\n\tEOF\n", "SC2086", "$A", 3),
    ("FROM debian:12\nRUN <<EOF\n#!/bin/bash\na=(1 2)\necho $a\nEOF\n", "SC2128", "$a", 5),
    ('FROM debian:12\nRUN ["bash", "-c", "echo $f"]\n', "SC2086", "$f", 2),
    ("FROM debian:12\nONBUILD RUN rm $A\n", "SC2086", "$A", 2),
    ("FROM debian:12\nRUN grep a <<<x\n", "SC3011", "<<<", 2),
]
SILENT = [
    "FROM debian:12\nARG N\nARG TARGETARCH\nENV D=/x\nRUN echo $N $D $TARGETARCH $HTTP_PROXY $HOME\n",
    "FROM debian:12 AS a\nENV D=/x\nFROM a\nRUN echo $D\n",
    "FROM debian:12\nRUN <<EOF\n#!/usr/bin/env python3\nprint('$x' % `a`)\nEOF\n",
    "FROM mcr.microsoft.com/windows/servercore:x\nRUN echo %x% $y\n",
    'FROM debian:12\nSHELL ["/bin/bash", "-c"]\nRUN a=(1 2) && [[ "${a[0]}" == 1 ]]\n',
    "FROM fedora:41\nRUN [[ -f /x ]] && echo {a,b}\n",
    "FROM debian:12\nRUN a \\\n\n  && b \\  \n  && c\n",
]


def said(folder: Path, text: str) -> list[dict[str, object]]:
    (folder / "Dockerfile").write_bytes(text.encode("utf-8"))
    command = (BIN / "ctr-ci", "lint", "--no-config", "--no-cache", "--extend-select", "shellcheck")
    done = subprocess.run([*command, "-f", "json"], cwd=folder, capture_output=True, text=True)
    assert not done.stderr, done.stderr
    found: list[dict[str, object]] = json.loads(done.stdout)["findings"]
    return [one for one in found if one["name"] == "shellcheck"]


@pytest.mark.parametrize(("text", "code", "covered", "line"), PLACES, ids=[repr(row[0]) for row in PLACES])
def test_a_finding_stands_where_the_dockerfile_has_it(
    tmp_path: Path, text: str, code: str, covered: str, line: int
) -> None:
    found = [one for one in said(tmp_path, text) if code in str(one)]
    assert [one["line"] for one in found] == [line]
    first, last = found[0]["column"], found[0]["end_column"]
    assert isinstance(first, int)
    assert isinstance(last, int)
    here = text.removeprefix("\ufeff").split("\n")[line - 1]
    assert here[first - 1 : last - 1] == covered


@pytest.mark.parametrize("text", SILENT, ids=[repr(text) for text in SILENT])
def test_what_docker_sets_and_what_is_no_script_is_let_be(tmp_path: Path, text: str) -> None:
    assert said(tmp_path, text) == []


def test_its_fix_is_put_in_the_dockerfile_s_own_text(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian:12\nRUN true \\\n  # kept\n  && rm $A\n")
    command = ("lint", "--no-config", "--no-cache", "--select", "shellcheck", "--fix", "--unsafe-fixes")
    subprocess.run([BIN / "ctr-ci", *command], cwd=tmp_path, capture_output=True)
    assert (tmp_path / "Dockerfile").read_text() == ('FROM debian:12\nRUN true \\\n  # kept\n  && rm "$A"\n')


def test_one_process_reads_all_scripts(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number}.Dockerfile").write_text("FROM debian:12\nRUN rm $A\nRUN echo $B\n")
    (tmp_path / "Dockerfile").write_text("FROM debian:12\nRUN rm $A\n")
    command = ("lint", "--no-config", "--no-cache", "--select", "SC2086", "-f", "json", ".")
    done = subprocess.run([BIN / "ctr-ci", *command], cwd=tmp_path, capture_output=True, text=True)
    assert len(json.loads(done.stdout)["findings"]) == 61


def test_a_repaired_file_still_says_what_shellcheck_found(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian:12\nENV A b\nRUN ls | rm $C\n")
    command = ("lint", "--no-config", "--no-cache", "--extend-select", "shellcheck", "--fix", "-f", "json")
    done = subprocess.run([BIN / "ctr-ci", *command], cwd=tmp_path, capture_output=True, text=True)
    assert "SC2086" in done.stdout
    assert "ENV A=b" in (tmp_path / "Dockerfile").read_text()
