"""`ctr-ci split --prove` on real builds: what is proven, what is not and why, and that nothing stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ctr_ci.cli import main
from ctr_ci.engine import connect
from testbed import api

C = {
    "hello.c": '#include <stdio.h>\n#include "greet.h"\n'
    'int main(void) { FILE *f = fopen("/src/conf/who", "r"); char who[32] = "";\n'
    '  if (!f || !fgets(who, 32, f)) return 3; printf("%s %s", greet(), who); return 0; }\n',
    "greet.h": "const char *greet(void);\n",
    "greet.c": 'const char *greet(void) { return "hello"; }\n',
    "conf/who": "world\n",
    "Makefile": "all:\n\tcc -o hello hello.c greet.c\ninstall:\n\tcp hello /usr/local/bin/hello\n"
    "shared:\n\tcc -shared -fPIC -o /usr/local/lib/libgreet.so greet.c\n"
    "\tcc -o /usr/local/bin/hello hello.c -L/usr/local/lib -lgreet\n",
}


@dataclass(frozen=True)
class Told:
    """What the command said: exit code, its JSON, and standard error."""

    code: int
    report: dict[str, Any]
    stderr: str

    @property
    def proof(self) -> dict[str, Any]:
        found: dict[str, Any] = self.report["proof"]
        return found

    def check(self, name: str) -> dict[str, Any]:
        return next(one for one in self.proof["checks"] if one["name"] == name)


Prove = Callable[..., Told]


@pytest.fixture
def prove(engine_socket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Prove:
    """Writes a folder, runs `split --prove --format json` on it, and sees that no image of it stayed."""

    def run(dockerfile: str, files: dict[str, str], *options: str) -> Told:
        for name, text in {**files, "Dockerfile": dockerfile}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        arguments = ["split", str(tmp_path), "--prove", "--format", "json", *options]
        code = main([*arguments, "--engine", f"unix://{engine_socket}"])
        said = capsys.readouterr()
        told = Told(code, json.loads(said.out) if said.out else {}, said.err)
        if told.report:
            assert told.report["proof"], told.report
            left = images(engine_socket)
            made = {told.proof[side]["image_id"] for side in ("before", "after")}
            assert "--keep-images" in options or not made & left
        return told

    return run


def images(engine_socket: str) -> frozenset[str]:
    engine = connect(f"unix://{engine_socket}")
    try:
        return engine.image_ids()
    finally:
        engine.close()


def test_a_c_program_is_proven_with_its_data_and_without_its_compiler(
    prove: Prove, toolchain: Callable[[str], str], debian: str
) -> None:
    told = prove(
        f"FROM {toolchain('gcc')}\nENV MODE=x\nRUN useradd -u 4711 app && mkdir /data && chown app /data\n"
        "WORKDIR /src\nCOPY . .\nRUN make all install\nLABEL who=me\nEXPOSE 80\nVOLUME /data\nUSER app\n"
        'HEALTHCHECK --interval=9s CMD ["hello"]\nCMD ["hello"]\n',
        C,
        *("--runtime", debian, "--check", "hello", "--check", "id -u", "--check", "stat -c %U /data"),
    )
    assert told.code == 0, told.report
    assert told.proof["proven"]
    assert [one["path"] for one in told.report["artefacts"]] == ["/usr/local/bin/hello", "/src/conf"]
    before, after = told.proof["before"], told.proof["after"]
    assert before["shares"]["build"] > 100_000_000
    assert after["shares"]["build"] == 0
    assert sum(after["shares"].values()) == after["size"]
    assert {one["name"] for one in told.proof["checks"]} == {
        *("configuration", "command", "libraries", "files", "toolchain", "loader"),
        *("`hello`", "`id -u`", "`stat -c %U /data`"),
    }


SHARED = 'WORKDIR /src\nCOPY . .\nRUN make shared && ldconfig\nCMD ["hello"]\n'


def test_a_library_that_did_not_come_along_is_named_with_the_way_out(
    prove: Prove, toolchain: Callable[[str], str], debian: str
) -> None:
    told = prove(
        f"FROM {toolchain('gcc')}\n{SHARED}",
        C,
        *("--runtime", debian, "--keep", "/usr/local/bin/hello", "--write"),
        *("--check", "hello", "--check", "gcc --version"),
    )
    assert told.code == 1
    assert not told.proof["proven"]
    assert told.report["written"] is None
    libraries = told.check("libraries")
    assert libraries["reasons"] == ["libgreet.so, which /usr/local/bin/hello needs, is not there"]
    assert libraries["help"] == "--keep /usr/local/lib/libgreet.so"
    assert any("libgreet.so" in reason for reason in told.check("loader")["reasons"])
    assert told.check("`hello`")["reasons"][0].startswith("exit 127, and 0 in the old image")
    assert "gcc" in told.check("`gcc --version`")["reasons"][0]
    assert told.proof["left_behind"] == ["usr/local/lib/libgreet.so"]  # what the context brings came along


def test_the_way_out_leads_out_and_kept_images_can_be_looked_at(
    prove: Prove, toolchain: Callable[[str], str], debian: str, engine_socket: str
) -> None:
    keep = ("--keep", "/usr/local/bin/hello", "--keep", "/usr/local/lib/libgreet.so", "--keep", "/src/conf")
    told = prove(
        f"FROM {toolchain('gcc')}\nLABEL run={os.getpid()}\n{SHARED}",
        C,
        *("--runtime", debian, *keep, "--check", "hello", "--write", "--keep-images"),
    )
    made = [told.proof[side]["image_id"] for side in ("after", "before")]
    assert set(made) <= images(engine_socket)
    engine = connect(f"unix://{engine_socket}")
    for one in made:
        engine.remove_image(one)
    engine.close()
    assert told.code == 0, told.report
    assert "RUN ldconfig" in Path(told.report["written"]).read_text()


def test_a_static_go_program_ships_on_nothing(prove: Prove, toolchain: Callable[[str], str]) -> None:
    go = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello from go") }\n'
    told = prove(
        f"FROM {toolchain('go')}\nENV CGO_ENABLED=0\nWORKDIR /src\nCOPY . .\nRUN go build -o /app .\n"
        'ENTRYPOINT ["/app"]\n',
        {"main.go": go, "go.mod": "module example.org/hello\n\ngo 1.19\n"},
        *("--runtime", "scratch", "--check", "/app"),
    )
    # PATH, which scratch has not, is no loss; all else is the same.
    assert told.code == 0, told.report
    assert told.proof["after"]["size"] < 3_000_000
    assert told.check("loader")["seen"].startswith("a static program")


PYTHON = {
    "setup.py": 'from setuptools import setup\nsetup(name="hello", version="1.0", packages=["hello"])\n',
    "hello/__init__.py": "",
    "hello/__main__.py": 'print("hello from python")\n',
}


def test_a_python_program_ships_its_virtual_environment(
    prove: Prove, toolchain: Callable[[str], str], debian: str
) -> None:
    text = (
        f"FROM {toolchain('python')}\nWORKDIR /app\n"
        "RUN python3 -m venv --system-site-packages --without-pip /opt/venv\n"
        "COPY . .\nRUN /opt/venv/bin/python -m pip install --no-index --no-build-isolation .\n"
        'CMD ["/opt/venv/bin/python", "-m", "hello"]\n'
    )
    check = "/opt/venv/bin/python -m hello"
    bare = prove(text, PYTHON, "--runtime", debian, "--keep", "/opt/venv", "--check", check)
    assert bare.code == 1
    assert "/opt/venv/bin/python" in bare.check("command")["reasons"][0]
    told = prove(text, PYTHON, *("--runtime", toolchain("python"), "--keep", "/opt/venv", "--check", check))
    assert told.code == 0, told.report
    assert [one["path"] for one in told.report["artefacts"]] == ["/opt/venv", "/app"]


def test_a_file_that_does_not_build_is_said_to_be_the_old_one(
    prove: Prove, toolchain: Callable[[str], str], engine_socket: str
) -> None:
    told = prove(
        f'FROM {toolchain("gcc")}\nCOPY . .\nRUN echo before && cc -o /a missing.c\nCMD ["/a"]\n',
        C,
        *("--runtime", "debian:bookworm"),
    )
    assert told.code == 1
    assert "the old file: the build failed" in told.stderr
    assert "missing.c" in told.stderr


def test_an_interrupted_proof_leaves_nothing(
    tmp_path: Path, toolchain: Callable[[str], str], engine_socket: str
) -> None:
    mark = f"mark-{os.getpid()}"
    text = f'FROM {toolchain("gcc")}\nCOPY . /src\nRUN echo {mark} && sleep 600\nCMD ["hello"]\n'
    (tmp_path / "Dockerfile").write_text(text)
    (tmp_path / mark).write_text(mark)
    command = [sys.executable, "-m", "ctr_ci", "split", str(tmp_path), "--prove", "--verbose"]
    options = ["--keep", "/src", "--runtime", "debian:bookworm", "--engine", f"unix://{engine_socket}"]
    running = subprocess.Popen(
        [*command, *options], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert running.stderr is not None
    for line in running.stderr:
        if line.strip() == mark:
            break
    before = built_with(engine_socket, mark)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=60)
    assert running.returncode == 130
    assert before
    assert not built_with(engine_socket, mark)


def built_with(engine_socket: str, mark: str) -> list[str]:
    """Containers of a build, running or not, whose command holds a mark."""
    found = json.loads(api.call(engine_socket, "GET", "/containers/json?all=1"))
    return [one["Id"] for one in found if mark in one["Command"]]
