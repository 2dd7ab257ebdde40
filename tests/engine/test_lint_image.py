"""`lint --image` on images that the engine built: bytes raise, attach and withdraw, and it is said which."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.twins import APT, context
from testbed import api
from testbed.images import LABEL

MAKEFILE = "install:\n\tcp hello.sh /usr/local/bin/hello\n"
TIDY = "apt-get purge -y make && rm -rf /var/lib/apt/lists/*\n"
COMPILES = '#include <stdio.h>\nint main(void) { return puts("hello") < 0; }\n'


@dataclass(frozen=True, slots=True)
class Linted:
    code: int
    findings: dict[str, dict[str, object]]
    said: str


class Lint:
    """Builds a Dockerfile and lints it against what came of it. The folder's name says nothing of tests:
    such a name would make the file one of those that may ship their tools."""

    def __init__(self, engine_socket: str, folder: Path) -> None:
        self._engine, self._folder, self._made = engine_socket, folder, list[str]()

    def build(self, name: str, files: dict[str, str]) -> str:
        tag = f"ctr-ci.test/proof-{name}:{os.getpid()}"
        api.build_image(self._engine, tag, context(files), {LABEL: "proof"})
        self._made.append(tag)
        return tag

    def buildkit(self, name: str, files: dict[str, str]) -> str:
        """The same by BuildKit, whose history is written in another way."""
        tag = f"ctr-ci.test/proof-{name}:{os.getpid()}"
        subprocess.run(
            ["docker", "-H", f"unix://{self._engine}", "build", "-q", "--label", LABEL, "-t", tag, "-"],
            input=context(files),
            env={**os.environ, "DOCKER_BUILDKIT": "1", "PATH": f"/usr/bin:{os.environ['PATH']}"},
            capture_output=True,
            check=True,
        )
        self._made.append(tag)
        return tag

    def lint(self, dockerfile: str, *arguments: str) -> Linted:
        path = self._folder / "Dockerfile"
        path.write_text(dockerfile)
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "ctr_ci",
                "lint",
                "--no-config",
                "--format",
                "json",
                str(path),
                *arguments,
            ],
            capture_output=True,
            text=True,
            env={**os.environ, "DOCKER_HOST": f"unix://{self._engine}"},
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        found = {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}
        return Linted(done.returncode, found, done.stderr)

    def build_bytes(self, image: str) -> int:
        done = subprocess.run(
            [sys.executable, "-m", "ctr_ci", "inspect", "--format", "json", image],
            capture_output=True,
            env={**os.environ, "DOCKER_HOST": f"unix://{self._engine}"},
            check=True,
        )
        size = json.loads(done.stdout)["build_bytes"]
        assert isinstance(size, int)
        return size

    def saved(self, image: str) -> str:
        path = self._folder / "image.tar"
        path.write_bytes(api.call(self._engine, "GET", f"/images/{image}/get"))
        return str(path)

    def forget(self) -> None:
        for tag in self._made:
            api.untag(self._engine, tag)


@pytest.fixture(scope="module")
def lint(engine_socket: str) -> Iterator[Lint]:
    with tempfile.TemporaryDirectory(prefix="app-") as folder:
        made = Lint(engine_socket, Path(folder))
        yield made
        made.forget()


def test_a_suspected_tool_that_is_not_in_the_image_is_withdrawn(lint: Lint, debian: str) -> None:
    text = (
        f"FROM {debian}\nWORKDIR /src\nCOPY . .\n"
        f"RUN {APT} make && make install && sh tidy.sh\n"
        'CMD ["/usr/local/bin/hello"]\n'
    )
    hello = "#!/bin/sh\necho hello\n"
    image = lint.build("tidy", {"Dockerfile": text, "Makefile": MAKEFILE, "tidy.sh": TIDY, "hello.sh": hello})
    suspected = lint.lint(text)
    assert suspected.code == 1
    assert "make stays installed" in str(suspected.findings["build-in-ship-image"]["message"])
    assert suspected.findings["build-in-ship-image"]["bytes"] is None
    proven = lint.lint(text, "--image", image)
    assert {"build-in-ship-image", "apt-lists"} <= set(suspected.findings) - set(proven.findings)
    assert (
        f"build-in-ship-image: withdrawn by the bytes of {image}: no bytes that only building" in proven.said
    )
    assert "apt-lists: withdrawn" in proven.said
    # The project's own files are there all the same: what the bytes bear out stays, with its bytes.
    assert proven.findings["missing-multi-stage"]["bytes"] == len(MAKEFILE) + len(text)


def test_a_compiler_that_is_there_is_an_error_with_its_bytes(
    lint: Lint, toolchain: Callable[[str], str]
) -> None:
    text = (
        "FROM company/base:1\nWORKDIR /src\nCOPY . .\nRUN cc -o /usr/local/bin/hello hello.c\n"
        'CMD ["/usr/local/bin/hello"]\n'
    )
    files = {"hello.c": COMPILES, "Dockerfile": text.replace("company/base:1", toolchain("gcc"))}
    image = lint.build("ships", files)
    suspected = lint.lint(text).findings["build-in-ship-image"]
    assert (suspected["severity"], suspected["bytes"]) == ("warning", None)
    proven = lint.lint(text, "--image", image)
    found = proven.findings["build-in-ship-image"]
    assert found["severity"] == "error"
    assert found["bytes"] == lint.build_bytes(image) > 100_000_000
    assert "proven: " in str(found["help"])
    assert "compilers in the image: C (/usr/bin/x86_64-linux-gnu-gcc-12)" in str(found["help"])
    assert f"build-in-ship-image: raised by the bytes of {image}" in proven.said


def test_what_no_line_betrays_is_raised_where_it_came_in(lint: Lint, toolchain: Callable[[str], str]) -> None:
    text = 'FROM company/base:1\nWORKDIR /src\nCOPY . .\nCMD ["/src/hello.sh"]\n'
    files = {"hello.sh": "#!/bin/sh\necho hello\n"}
    image = lint.build("hidden", files | {"Dockerfile": text.replace("company/base:1", toolchain("gcc"))})
    assert "build-in-ship-image" not in lint.lint(text).findings
    archive = lint.saved(image)  # read twice from here: an archive is an image too
    proven = lint.lint(text, "--image", archive)
    found = proven.findings["build-in-ship-image"]
    assert (found["line"], found["severity"], proven.code) == (1, "warning", 1)
    assert isinstance(found["bytes"], int)
    assert found["bytes"] > 100_000_000
    assert "the base image brings" in str(found["message"])
    silenced = lint.lint(f"# ctr-ci: image-kind=toolchain\n{text}", "--image", archive)
    assert "build-in-ship-image" not in silenced.findings


def test_bytes_are_those_of_the_findings_own_layer(lint: Lint, debian: str) -> None:
    text = (
        f"FROM {debian}\nARG RELEASE=12\n"
        "RUN apt-get update \\\n  # the lists stay\n  && echo $RELEASE >/release\n"
        "RUN apt-get update && apt-get install -y --no-install-recommends make=4.3-4.1 \\\n"
        "  && rm -rf /var/lib/apt/lists/*\n"
        'CMD ["/bin/cat", "/release"]\n'
    )
    image = lint.buildkit("lists", {"Dockerfile": text})
    found = lint.lint(text, "--image", image).findings["apt-lists"]
    assert found["line"] == 3
    assert "of apt's lists and caches in layer 2 of the image" in str(found["help"])
    assert isinstance(found["bytes"], int)
    assert found["bytes"] > 1_000_000


def test_an_image_that_is_not_there_is_named(lint: Lint) -> None:
    path = lint._folder / "Dockerfile"
    path.write_text("FROM busybox\n")
    done = subprocess.run(
        [sys.executable, "-m", "ctr_ci", "lint", str(path), "--image", "ctr-ci.test/nowhere:1"],
        capture_output=True,
        text=True,
        env={**os.environ, "DOCKER_HOST": f"unix://{lint._engine}"},
        check=False,
    )
    assert done.returncode == 2
    assert "no image 'ctr-ci.test/nowhere:1' in the engine" in done.stderr
    assert "Traceback" not in done.stderr
