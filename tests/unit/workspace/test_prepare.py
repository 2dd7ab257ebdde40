"""Sources become a folder of ours; the user's own is only read."""

from __future__ import annotations

import os
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ctr_ci.problem import CtrCiError, InputError, WorldError
from ctr_ci.workspace import Workspace, git_facts, prepare

GIT = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
WHO = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]


def git(folder: Path, *command: str) -> str:
    environment = {**os.environ, **GIT}
    done = subprocess.run(
        ["git", "-C", str(folder), *WHO, *command],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q", "-b", "trunk")
    git(root, "remote", "add", "origin", "https://u:secret@host.example/team/app.git")
    (root / "a").write_text("one")
    git(root, "add", "a")
    git(root, "commit", "-qm", "x")
    git(root, "tag", "v1")
    return root


@pytest.fixture
def into(tmp_path: Path) -> Callable[[str | Path], Workspace]:
    return lambda source: prepare(str(source), tmp_path / "workspace", environment=dict(os.environ))


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_folder_is_copied_with_modes_times_and_links(
    tmp_path: Path, into: Callable[[Path], Workspace]
) -> None:
    root = tmp_path / "src"
    (root / "d").mkdir(parents=True)
    (root / "d" / "run.sh").write_text("x")
    (root / "d" / "run.sh").chmod(0o754)
    os.utime(root / "d" / "run.sh", (1000, 1000))
    (root / "link").symlink_to("d")
    (root / "broken").symlink_to("nowhere")
    os.mkfifo(root / "pipe")
    before = names(root)
    made = into(root)
    assert names(made.folder) == ["broken", "d", "d/run.sh", "link"]
    copied = (made.folder / "d" / "run.sh").stat()
    assert (copied.st_mode & 0o777, copied.st_mtime) == (0o754, 1000)
    assert os.readlink(made.folder / "link") == "d"
    assert names(root) == before
    assert dict(made.source)["kind"] == "folder"


def test_a_repository_comes_without_git_and_with_its_facts(
    repository: Path, into: Callable[[Path], Workspace]
) -> None:
    (repository / "a").write_text("changed")
    before = (repository / ".git" / "index").read_bytes()
    made = into(repository)
    assert names(made.folder) == ["a"]
    facts = made.facts
    assert (facts.branch, facts.tag, facts.repo, facts.repo_full_name) == ("trunk", "v1", "app", "team/app")
    assert facts.commit == git(repository, "rev-parse", "HEAD")
    assert facts.dirty is True
    assert (repository / ".git" / "index").read_bytes() == before


def test_a_clean_repository_is_not_dirty_and_a_plain_folder_knows_nothing(
    repository: Path, tmp_path: Path
) -> None:
    assert git_facts(repository, look_for_changes=True).dirty is False
    assert git_facts(tmp_path).commit == ""


def test_a_git_url_is_fetched_at_its_revision(repository: Path, into: Callable[[str], Workspace]) -> None:
    (repository / "a").write_text("two")
    git(repository, "commit", "-qam", "y")
    made = into(f"file://{repository}@v1")
    assert (made.folder / "a").read_text() == "one"
    assert (made.folder / ".git").is_dir()
    assert made.facts.commit == git(repository, "rev-parse", "v1")


def test_a_password_in_a_git_url_is_told_to_nobody(into: Callable[[str], Workspace]) -> None:
    with pytest.raises(WorldError) as caught:
        into("https://user:hunter22@127.0.0.1:1/x.git@v1")
    assert "hunter22" not in str(caught.value)
    assert "127.0.0.1:1" in str(caught.value)


@pytest.mark.parametrize("source", ["ext::sh -c true@x", "https://h/x@", "https://h/x@--upload-pack=x"])
def test_a_url_that_would_run_commands_is_refused(source: str, into: Callable[[str], Workspace]) -> None:
    with pytest.raises(CtrCiError):
        into(source)


def test_archives_are_unpacked(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    (tmp_path / "f").chmod(0o755)
    with tarfile.open(tmp_path / "s.tar.gz", "w:gz") as tarred:
        tarred.add(tmp_path / "f", "d/f")
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as zipped:
        zipped.write(tmp_path / "f", "d/f")
    for number, name in enumerate(("s.tar.gz", "s.zip")):
        made = prepare(str(tmp_path / name), tmp_path / str(number), environment={})
        assert (made.folder / "d" / "f").read_text() == "x"
        assert (made.folder / "d" / "f").stat().st_mode & 0o100
        assert made.root is None


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.mode, made.uid = kind, link, mode, 12345
    return made


OUTSIDE = {
    "a path up": [member("../../out")],
    "an absolute path": [member("/tmp/ctr-ci-test-out")],
    "a link up": [member("link", tarfile.SYMTYPE, "../..")],
    "an absolute link": [member("link", tarfile.SYMTYPE, "/etc")],
    "a link by a link": [
        member("d", tarfile.DIRTYPE),
        member("d/link", tarfile.SYMTYPE, ".."),
        member("up", tarfile.SYMTYPE, "d/link/.."),
    ],
    "a hard link": [member("link", tarfile.LNKTYPE, "../../out")],
    "a device": [member("device", tarfile.CHRTYPE)],
    "a pipe": [member("pipe", tarfile.FIFOTYPE)],
}


@pytest.mark.parametrize("what", OUTSIDE)
def test_an_archive_cannot_reach_outside(
    what: str, tmp_path: Path, into: Callable[[Path], Workspace]
) -> None:
    with tarfile.open(tmp_path / "s.tar", "w") as tarred:
        for one in OUTSIDE[what]:
            tarred.addfile(one)
    with pytest.raises(InputError, match="cannot unpack"):
        into(tmp_path / "s.tar")
    assert not (tmp_path.parent / "out").exists()


def test_links_within_an_archive_are_kept_and_owners_are_not(
    tmp_path: Path, into: Callable[[Path], Workspace]
) -> None:
    with tarfile.open(tmp_path / "s.tar", "w") as tarred:
        for one in (
            member("d", tarfile.DIRTYPE, mode=0o755),
            member("d/f", mode=0o4755),
            member("d/soft", tarfile.SYMTYPE, "../d/f"),
            member("hard", tarfile.LNKTYPE, "d/f", mode=0o755),
        ):
            tarred.addfile(one)
    folder = into(tmp_path / "s.tar").folder
    found = (folder / "d" / "f").stat()
    assert (found.st_mode & 0o7777, found.st_uid, found.st_nlink) == (0o755, os.getuid(), 2)
    assert os.readlink(folder / "d" / "soft") == "../d/f"


@pytest.mark.parametrize("source", ["nowhere", "./nowhere"])
def test_what_is_no_source_is_an_input_error(source: str, into: Callable[[str], Workspace]) -> None:
    with pytest.raises(InputError):
        into(source)


def test_no_source_is_an_empty_folder(into: Callable[[str], Workspace]) -> None:
    made = into("")
    assert names(made.folder) == []
    assert made.folder.stat().st_mode & 0o777 == 0o755
