"""`ctr-ci init` in repositories of several kinds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ctr_ci.cli import main
from ctr_ci.cloudbuild import load
from ctr_ci.source import Source

WORKFLOW = ".github/workflows/ctr-ci.yml"


def repository(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("FROM scratch\n")
    return folder


def test_a_repository_with_a_dockerfile_gets_all_three_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(repository(tmp_path / "shop", "Dockerfile"))]) == 0
    build = load(Source.decode("cloudbuild.yaml", (tmp_path / "shop/cloudbuild.yaml").read_bytes()))
    assert not build.warnings
    assert (tmp_path / "shop" / WORKFLOW).exists()
    assert "ctr-ci-lint" in (tmp_path / "shop/.pre-commit-config.yaml").read_text()
    shown = capsys.readouterr().out
    assert shown.count("written") == 3
    assert "ctr-ci run ." in shown


def test_a_monorepo_gets_a_build_and_a_test_for_each_image(tmp_path: Path) -> None:
    repository(tmp_path, "api/Dockerfile", "web/Dockerfile", "worker.dockerfile", "node_modules/x/Dockerfile")
    assert main(["init", str(tmp_path)]) == 0
    text = (tmp_path / "cloudbuild.yaml").read_text()
    assert [line for line in text.splitlines() if "id:" in line] == [
        "- id: build worker",
        "- id: test worker",
        "- id: build api",
        "- id: test api",
        "- id: build web",
        "- id: test web",
    ]
    assert "-f, 'worker.dockerfile'" in text
    load(Source("cloudbuild.yaml", text))


def test_what_exists_is_kept_to_the_byte(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repository(tmp_path, "Dockerfile")
    (tmp_path / "cloudbuild.yml").write_bytes(b"steps: []\r\n")
    assert main(["init", str(tmp_path)]) == 0
    assert (tmp_path / "cloudbuild.yml").read_bytes() == b"steps: []\r\n"
    assert not (tmp_path / "cloudbuild.yaml").exists()
    assert "kept     cloudbuild.yml" in capsys.readouterr().out


def test_a_dry_run_prints_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repository(tmp_path, "Dockerfile")
    assert main(["init", str(tmp_path), "--dry-run"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Dockerfile"]
    assert "--- cloudbuild.yaml" in capsys.readouterr().out


def test_a_registry_adds_a_publishing_job_with_no_more_than_it_needs(tmp_path: Path) -> None:
    repository(tmp_path, "Dockerfile")
    assert main(["init", str(tmp_path), "--registry", "ghcr.io/team"]) == 0
    text = (tmp_path / WORKFLOW).read_text()
    assert "packages: write" in text
    assert f"github.event_name == 'push' && 'ghcr.io/team/{tmp_path.name.replace('_', '-')}'" in text
    assert "credential: github" in text
    assert "secrets." not in text


def test_another_registry_takes_a_name_and_a_password_and_only_on_a_push(tmp_path: Path) -> None:
    repository(tmp_path, "a/Dockerfile", "b/Dockerfile")
    assert main(["init", str(tmp_path), "--registry", "registry.example/team"]) == 0
    lines = (tmp_path / WORKFLOW).read_text().splitlines()
    given = [line for line in lines if "publish-to" in line or "secrets." in line]
    assert len(given) == 3
    assert all("github.event_name == 'push' && " in line for line in given)
    assert "'registry.example/team'" in given[0]  # two images: each below it


@pytest.mark.parametrize("name", ["cloudbuild.yaml", "cloudbuild.yml", "cloudbuild.json"])
def test_a_config_that_exists_is_what_the_workflow_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / name).write_text('{"steps": [{"name": "busybox"}]}\n')
    assert main(["init", str(tmp_path)]) == 0
    assert f"config: {name}\n" in (tmp_path / WORKFLOW).read_text()
    said = capsys.readouterr().out
    assert "no Dockerfile yet" not in said
    assert "then `ctr-ci run .`" in said


@pytest.mark.parametrize("registry", [None, "ghcr.io/team", "registry.example/team"])
def test_the_workflow_is_one_that_github_takes(tmp_path: Path, registry: str | None) -> None:
    repository(tmp_path, "Dockerfile")
    assert main(["init", str(tmp_path), *(("--registry", registry) if registry else ())]) == 0
    actionlint = Path(sys.executable).with_name("actionlint")
    done = subprocess.run([actionlint, tmp_path / WORKFLOW], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_repository_without_a_dockerfile_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path)]) == 0
    assert not (tmp_path / "cloudbuild.yaml").exists()
    assert "no Dockerfile yet" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["/no/such/folder"], "/no/such/folder is not a folder"), (["--registry", "Bad Host/x"], "Bad Host")],
)
def test_bad_input_is_one_message(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = arguments if arguments[0].startswith("/") else [str(tmp_path), *arguments]
    assert main(["init", *given]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
