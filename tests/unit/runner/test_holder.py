"""The holder's program: a few dozen bytes that wait."""

from __future__ import annotations

import platform
import struct
import subprocess
import time
from pathlib import Path

import pytest

from ctr_ci.runner.holder import program


def test_it_waits_and_is_killed(tmp_path: Path) -> None:
    code = program({"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()])
    assert code is not None
    file = tmp_path / "holder"
    file.write_bytes(code)
    file.chmod(0o755)
    process = subprocess.Popen([file])
    time.sleep(0.2)
    assert process.poll() is None
    spent = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    process.kill()
    assert process.wait() == -9
    assert spent == ["0", "0"]  # it sleeps, it does not spin


@pytest.mark.parametrize(("architecture", "machine"), [("amd64", 62), ("arm64", 183)])
def test_it_is_an_elf_executable_for_the_images_machine(architecture: str, machine: int) -> None:
    code = program(architecture)
    assert code is not None
    assert code[:5] == b"\x7fELF\x02"
    kind, found = struct.unpack_from("<HH", code, 16)
    assert (kind, found) == (2, machine)
    assert struct.unpack_from("<Q", code, 64 + 32)[0] == len(code)


def test_an_unknown_machine_has_none() -> None:
    assert program("s390x") is None
