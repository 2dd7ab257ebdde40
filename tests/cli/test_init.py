"""`ctr-ci init` in repositories of several kinds."""

from __future__ import annotations

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
    assert "publish-to: ghcr.io/team" in text
    assert "credential: github" in text
    assert "secrets." not in text


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
