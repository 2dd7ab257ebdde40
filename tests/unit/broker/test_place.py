"""What a step calls /workspace/... is found on the host, and nothing outside is."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctr_ci.broker.place import find


@pytest.fixture
def roots(tmp_path: Path) -> dict[str, str]:
    workspace, home = tmp_path / "host" / "ws", tmp_path / "host" / "home"
    for folder in (workspace / "sub", home):
        folder.mkdir(parents=True)
    (workspace / "sub" / "file").write_text("x")
    (tmp_path / "host" / "secret").write_text("x")
    return {"/workspace": str(workspace), "/builder/home": str(home), "/data": "a-volume"}


@pytest.mark.parametrize(
    ("path", "relative"),
    [
        ("/workspace", "ws"),
        ("/workspace/", "ws"),
        ("/workspace/sub/file", "ws/sub/file"),
        ("/workspace//sub/./../sub", "ws/sub"),
        ("/builder/home", "home"),
    ],
)
def test_a_path_inside_is_found(roots: dict[str, str], tmp_path: Path, path: str, relative: str) -> None:
    assert find(path, roots, create=False) == str(tmp_path / "host" / relative)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/etc",
        "/workspace/..",
        "/workspace/../secret",
        "/workspacex",
        "/builder",
        "/data/inner",
        "/workspace/none",
    ],
)
def test_a_path_outside_is_not(roots: dict[str, str], path: str) -> None:
    assert find(path, roots, create=False) is None


def test_a_volume_is_found_by_its_mount(roots: dict[str, str]) -> None:
    assert find("/data", roots, create=False) == "a-volume"


@pytest.mark.parametrize(
    ("target", "path", "found"),
    [
        ("sub", "/workspace/link/file", "ws/sub/file"),
        ("/workspace/sub", "/workspace/link/file", "ws/sub/file"),
        ("./sub/../sub", "/workspace/link", "ws/sub"),
        ("/builder/home", "/workspace/link", "home"),
        ("..", "/workspace/link/secret", None),
        ("../secret", "/workspace/link", None),
        ("/etc", "/workspace/link", None),
        ("link", "/workspace/link", None),
        ("/workspace/link/x", "/workspace/link", None),
        ("/proc/self/root", "/workspace/link", None),
    ],
)
def test_links_are_followed_as_the_step_would(
    roots: dict[str, str], tmp_path: Path, target: str, path: str, found: str | None
) -> None:
    (tmp_path / "host" / "ws" / "link").symlink_to(target)
    assert find(path, roots, create=False) == (str(tmp_path / "host" / found) if found else None)


def test_missing_folders_are_made_inside_only(roots: dict[str, str], tmp_path: Path) -> None:
    assert find("/workspace/new/deep", roots, create=True) == str(tmp_path / "host/ws/new/deep")
    assert (tmp_path / "host/ws/new/deep").is_dir()
    (tmp_path / "host" / "ws" / "out").symlink_to(tmp_path / "host")
    assert find("/workspace/out/made", roots, create=True) is None
    assert not (tmp_path / "host" / "made").exists()


def test_the_innermost_root_wins(tmp_path: Path) -> None:
    roots = {"/workspace": str(tmp_path), "/workspace/cache": "cache-volume"}
    assert find("/workspace/cache", roots, create=False) == "cache-volume"
