"""The hooks for real: `pre-commit try-repo` in repositories of other people; and plain git hooks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed import act

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
CLEAN = "FROM debian:bookworm-slim\nUSER 10001\n"
RELATIVE = CLEAN + "WORKDIR app\n"
AUTHOR = {
    f"GIT_{who}_{what}": "t@example.invalid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}

TryRepo = Callable[..., "subprocess.CompletedProcess[str]"]


def git(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *arguments], cwd=folder, env=os.environ | AUTHOR | (env or {}), capture_output=True, text=True
    )


def repository(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "init", "-q", "-b", "main", ".")
    git(folder, "add", "-A")
    return folder


@pytest.fixture(scope="module")
def try_repo(tmp_path_factory: pytest.TempPathFactory) -> TryRepo:
    """`try_repo(folder, hook)` runs a hook of this repository on all files of another."""
    ours = act.checkout(tmp_path_factory.mktemp("ours"))
    repository(ours, {})
    assert git(ours, "commit", "-q", "-m", "x").returncode == 0
    home = tmp_path_factory.mktemp("home")
    config = home / "config.yaml"
    config.write_text(
        f"repos:\n- repo: {ours}\n  rev: {git(ours, 'rev-parse', 'HEAD').stdout.strip()}\n  hooks:\n"
        "  - id: ctr-ci-lint\n  - id: ctr-ci-fix\n    stages: [manual]\n  - id: ctr-ci-cloudbuild\n"
    )

    def run(folder: Path, hook: str, *more: str) -> subprocess.CompletedProcess[str]:
        arguments = ["run", "-c", str(config), hook, "--all-files", *more]
        return subprocess.run(
            [BIN / "pre-commit", *arguments],
            cwd=folder,
            env=os.environ | {"PRE_COMMIT_HOME": str(home / "cache"), "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    return run


def test_the_lint_hook_finds_dockerfiles_by_any_name(try_repo: TryRepo, tmp_path: Path) -> None:
    files = {"a/Dockerfile": RELATIVE, "app.dockerfile": RELATIVE, "Dockerfile-dev": RELATIVE}
    done = try_repo(repository(tmp_path, files | {"Dockerfile.dockerignore": "*\n"}), "ctr-ci-lint")
    assert done.returncode == 1, done.stdout + done.stderr
    for name in files:
        assert f"{name}:3:9: warning:" in done.stdout
    assert "dockerignore" not in done.stdout


def test_the_lint_hook_passes_a_clean_repository(try_repo: TryRepo, tmp_path: Path) -> None:
    done = try_repo(repository(tmp_path, {"Dockerfile": CLEAN}), "ctr-ci-lint")
    assert (done.returncode, "Passed" in done.stdout) == (0, True), done.stdout + done.stderr


def test_the_fix_hook_repairs_and_fails(try_repo: TryRepo, tmp_path: Path) -> None:
    text = CLEAN.replace("USER", "RUN apt-get update && apt-get install curl\nUSER")
    folder = repository(tmp_path, {"Dockerfile": text})
    done = try_repo(folder, "ctr-ci-fix", "--hook-stage", "manual")
    assert done.returncode == 1
    assert "files were modified" in done.stdout
    assert "-y" in (folder / "Dockerfile").read_text()


def test_the_cloudbuild_hook_names_the_place(try_repo: TryRepo, tmp_path: Path) -> None:
    folder = repository(tmp_path, {"sub/cloudbuild-dev.yaml": "steps:\n- nam: alpine\n"})
    done = try_repo(folder, "ctr-ci-cloudbuild")
    assert done.returncode == 1
    assert "sub/cloudbuild-dev.yaml:2:3: error:" in done.stdout


def test_three_hundred_files_are_one_call_of_the_command(try_repo: TryRepo, tmp_path: Path) -> None:
    names = [f"service{number:03}/Dockerfile" for number in range(300)]
    done = try_repo(repository(tmp_path, dict.fromkeys(names, RELATIVE)), "ctr-ci-lint")
    assert done.returncode == 1
    found = [line.partition(":")[0] for line in done.stdout.splitlines() if ":3:9: warning:" in line]
    assert found == names  # in the order of their names, although pre-commit shuffles
    assert len(re.findall(r"in 300 files", done.stdout)) == 1


@pytest.fixture
def hooked(tmp_path: Path) -> Path:
    """A repository whose core.hooksPath is our hooks folder."""
    folder = repository(tmp_path / "repository", {"README": "x\n"})
    git(folder, "config", "core.hooksPath", str(ROOT / "hooks"))
    return folder


def commit(folder: Path) -> subprocess.CompletedProcess[str]:
    return git(folder, "commit", "-q", "-m", "x", env={"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"})


def test_the_git_hook_judges_what_is_staged(hooked: Path) -> None:
    (hooked / "Dockerfile").write_text(RELATIVE)
    git(hooked, "add", "-A")
    (hooked / "Dockerfile").write_text(CLEAN)  # repaired in the folder, not in the commit
    done = commit(hooked)
    assert done.returncode != 0
    assert "Dockerfile:3:9: warning:" in done.stdout + done.stderr
    git(hooked, "add", "-A")
    assert commit(hooked).returncode == 0


def test_the_git_hook_checks_cloud_build_configs(hooked: Path) -> None:
    (hooked / "cloudbuild.yaml").write_text("steps:\n- nam: alpine\n")
    git(hooked, "add", "-A")
    done = commit(hooked)
    assert done.returncode != 0
    assert "cloudbuild.yaml:2:3: error:" in done.stdout + done.stderr


def test_the_git_hook_lets_other_commits_pass(hooked: Path) -> None:
    assert commit(hooked).returncode == 0


def test_without_ctr_ci_the_git_hook_says_how_to_get_it(hooked: Path) -> None:
    done = git(hooked, "commit", "-q", "-m", "x", env={"PATH": "/usr/bin:/bin"})
    assert done.returncode != 0
    assert "pipx install ctr-ci" in done.stderr


def test_the_hooks_install_offline_from_a_wheelhouse(tmp_path: Path) -> None:
    house = tmp_path / "wheels"
    wanted = ["-r", str(ROOT / "requirements.txt"), "hatchling>=1.27,<2"]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "-qq", "-w", house, *wanted[:2]], check=True, capture_output=True)
    subprocess.run([*pip, "wheel", "-qq", "-w", house, wanted[2]], check=True, capture_output=True)
    ours = act.checkout(tmp_path / "ours")
    repository(ours, {})
    git(ours, "commit", "-q", "-m", "x")
    done = subprocess.run(
        [BIN / "pre-commit", "try-repo", ours, "ctr-ci-lint", "--all-files"],
        cwd=repository(tmp_path / "theirs", {"Dockerfile": CLEAN}),
        # No index, and no way out: what is not in the wheelhouse cannot come from elsewhere.
        env=os.environ
        | {
            "PRE_COMMIT_HOME": str(tmp_path / "cache"),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(house),
            "PIP_CONFIG_FILE": os.devnull,
            "https_proxy": "http://127.0.0.1:9",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stdout
