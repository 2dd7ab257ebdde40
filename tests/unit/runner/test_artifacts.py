"""What is kept of a workspace, and what is not."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from ctr_ci.plan import Package, Plan
from ctr_ci.runner.artifacts import Kept, Unmatched, collect
from ctr_ci.value import replace

PLAN = Plan((), (), timedelta(hours=1), (), config_path="cloudbuild.yaml")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    made = tmp_path / "workspace"
    for name in ("dist/a.whl", "dist/b.whl", "dist/notes.txt", "deep/er/c.txt", ".hidden/d.txt"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(name)
    return made


def kept(plan: Plan, workspace: Path) -> list[Kept]:
    return list(collect(plan, workspace, workspace.parent / "kept", "b1"))


def objects(*paths: str, location: str = "gs://bucket/some/where/") -> Plan:
    return replace(PLAN, object_paths=paths, object_location=location)


def test_objects_land_flat_below_their_bucket_with_a_manifest(workspace: Path) -> None:
    found = kept(objects("dist/*.whl", "deep/**/*.txt"), workspace)
    folder = workspace.parent / "kept/bucket/some/where"
    assert [one.path for one in found] == [folder / name for name in ("a.whl", "b.whl", "c.txt")]
    assert found[0].location == "gs://bucket/some/where/a.whl"
    lines = [json.loads(line) for line in (folder / "artifacts-b1.json").read_text().splitlines()]
    assert lines[0]["location"] == "gs://bucket/some/where/a.whl"
    assert lines[0]["file_hash"][0]["file_hash"][0]["type"] == "MD5"
    assert len(lines) == 3


def test_a_path_from_the_container_s_root_is_the_same_place(workspace: Path) -> None:
    assert [one.path.name for one in kept(objects("/workspace/dist/notes.txt"), workspace)] == ["notes.txt"]


def test_a_pattern_without_a_match_fails(workspace: Path) -> None:
    with pytest.raises(Unmatched) as caught:
        kept(objects("dist/*.rpm"), workspace)
    assert "'dist/*.rpm'" in caught.value.problem.found


@pytest.mark.parametrize("link", ["/etc/hostname", "../../outside", "/workspace/../etc/passwd"])
def test_a_link_out_of_the_workspace_is_not_followed(workspace: Path, link: str) -> None:
    (workspace.parent.parent / "outside").write_text("secret")
    (workspace / "dist/leak").symlink_to(link)
    with pytest.raises(Unmatched):
        kept(objects("dist/leak"), workspace)
    assert not list(workspace.parent.glob("kept/**/leak"))


def test_a_pattern_cannot_climb_out(workspace: Path) -> None:
    (workspace.parent / "outside.txt").write_text("secret")
    with pytest.raises(Unmatched):
        kept(objects("../outside.txt"), workspace)


def test_a_location_cannot_climb_out(workspace: Path) -> None:
    with pytest.raises(Unmatched):
        kept(objects("dist/a.whl", location="gs://../../x"), workspace)


def test_packages_are_kept_by_their_kind(workspace: Path) -> None:
    (workspace / "deep/link").symlink_to("/etc/passwd")
    plan = replace(
        PLAN,
        packages=(
            Package("pythonPackages", (("repository", ("https://r/py",)), ("paths", ("dist/*.whl",)))),
            Package("genericArtifacts", (("folder", ("deep",)), ("registryPath", ("r/generic",)))),
        ),
    )
    found = kept(plan, workspace)
    assert [(one.kind, one.location) for one in found] == [
        ("pythonPackages", "https://r/py/a.whl"),
        ("pythonPackages", "https://r/py/b.whl"),
        ("genericArtifacts", "r/generic/er/c.txt"),
    ]
    assert found[2].path.read_text() == "deep/er/c.txt"


def test_without_artifacts_nothing_is_made(workspace: Path) -> None:
    assert kept(PLAN, workspace) == []
    assert not (workspace.parent / "kept").exists()
