"""A lint of one file imports little: no library, and nothing of the standard library that costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FORBIDDEN = {
    "docker", "requests", "github", "yaml", "dockerfile_parse", "argparse", "json", "dataclasses", "typing",
    "subprocess", "logging", "inspect", "tempfile", "pathlib", "asyncio", "socket", "http",
}  # fmt: skip
PROGRAM = (
    "import sys; from ctr_ci.cli import main; code = main(['lint', '--no-config', sys.argv[1]]);"
    " print(code, *sys.modules, file=sys.stderr)"
)


def test_a_lint_of_one_file_imports_little(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text("FROM golang:1.23\nCOPY . .\nRUN apt-get update && go build -o /app\nCMD /app\n")
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, str(file)], capture_output=True, text=True, check=True
    )
    code, *modules = done.stderr.split()
    assert code == "1"
    assert not FORBIDDEN & {name.partition(".")[0] for name in modules}
