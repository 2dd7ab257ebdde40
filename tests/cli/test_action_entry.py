"""scripts/action.sh on runners that lack something: one clear error, nothing half done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ENTRY = Path(__file__).parents[2] / "scripts" / "action.sh"
NAMES = ("python3", "python3.14", "python3.13", "python3.12", "python3.11", "python")


def run(tmp_path: Path, python: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Runs the entry with every Python on PATH replaced by a script."""
    for name in NAMES:
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{python}\n")
        path.chmod(0o755)
    (tmp_path / "temp").mkdir()
    environment = {
        "RUNNER_TEMP": f"{tmp_path}/temp",
        "PATH": f"{tmp_path}/bin:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "RUNNER_TOOL_CACHE": f"{tmp_path}/tools",
    }
    return subprocess.run(
        ["bash", ENTRY],
        cwd=tmp_path,
        env=environment | more,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def test_an_old_python_is_told_with_the_way_out(tmp_path: Path) -> None:
    done = run(tmp_path, "exit 1")
    assert done.returncode == 3
    assert done.stdout.startswith("::error title=ctr-ci::no Python 3.11 or newer on this runner%0Ahelp: ")


def test_a_python_without_pip_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, f'[ "$2" = pip ] && exit 1\nexec {sys.executable} "$@"')
    assert done.returncode == 3
    assert "has no pip, and uv is not here" in done.stdout
    assert not list((tmp_path / "tools" / "ctr-ci").iterdir())


def test_a_failed_installation_leaves_nothing_that_a_later_job_would_take(tmp_path: Path) -> None:
    failing = f'case "$3" in install) echo "no network" >&2; exit 1 ;; esac\nexec {sys.executable} "$@"'
    done = run(tmp_path, failing)
    assert done.returncode != 0
    assert not list((tmp_path / "tools" / "ctr-ci").iterdir())


@pytest.mark.parametrize(
    "module", ["json.py", "ctr_ci/__init__.py", "sitecustomize.py", "requests/__init__.py"]
)
def test_a_module_of_the_checkout_is_never_imported(tmp_path: Path, module: str) -> None:
    (tmp_path / module).parent.mkdir(exist_ok=True)
    (tmp_path / module).write_text("open('hacked', 'w')\n")
    done = run(
        tmp_path,
        f'exec {sys.executable} "$@"',
        CTR_CI_INPUT_INSTALL="never",
        CTR_CI_INPUT_DOCKERFILE="none",
        PYTHONPATH=str(tmp_path),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "hacked").exists()


def test_the_shell_reads_no_other_input(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        f'exec {sys.executable} "$@"',
        CTR_CI_INPUT_INSTALL="never",
        CTR_CI_INPUT_DOCKERFILE="none",
        CTR_CI_INPUT_SOURCE="$(touch hacked)",
        CTR_CI_INPUT_TAGS="`touch hacked`; touch hacked",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "hacked").exists()
    assert set(os.listdir(tmp_path)) == {"bin", "temp"}
