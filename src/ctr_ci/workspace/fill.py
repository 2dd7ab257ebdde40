"""Brings a source into a folder of ours, where steps may write; the user's own tree is only read."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from ctr_ci.problem import InputError, Problem, WorldError
from ctr_ci.value import value
from ctr_ci.workspace.archive import unpack
from ctr_ci.workspace.git import GitFacts, git_facts
from ctr_ci.workspace.ignore import Ignore, ignore_of

CLONE_TIMEOUT_S = 600
ARCHIVES = (".tar.gz", ".tgz", ".tar", ".zip")
# No transport that runs a command of the URL's choice.
GIT = {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "https:http:ssh:git:file"}


@value
class Workspace:
    """`folder` is what steps see. `root` is the user's own folder, None for any other source.
    `facts` are git's; `source` is what the record says of it."""

    folder: Path
    root: Path | None
    facts: GitFacts
    source: tuple[tuple[str, str | bool | None], ...]


def prepare(
    source: str, folder: Path, *, environment: Mapping[str, str], ignore_file: Path | None = None
) -> Workspace:
    """Fills `folder` (made here, open to read for every user) from a folder, an archive or a git URL
    (`URL@REVISION`); "" leaves it empty. Raises InputError for a source that cannot be used,
    WorldError where git cannot fetch it."""
    folder.mkdir()
    folder.chmod(0o755)
    path = Path(source)
    if not source:
        return Workspace(folder, None, GitFacts(), (("kind", "none"), ("path", None)))
    if path.is_dir():
        facts = git_facts(path, look_for_changes=True)
        copy(path, folder, ignore_of(path, ignore_file))
        return Workspace(folder, path, facts, _said("folder", str(path.resolve()), facts))
    if path.is_file():
        _unpack(path, folder)
        return Workspace(folder, None, GitFacts(), _said("archive", str(path.resolve()), GitFacts()))
    if "://" in source or (":" in source and not source.startswith((".", "/"))):
        _clone(source, folder, environment)
        facts = git_facts(folder)
        return Workspace(folder, None, facts, _said("git", _without_password(source), facts))
    raise InputError(
        Problem(f"no source {source}", "a folder, an archive (.tar.gz, .zip) or a git URL with @REVISION")
    )


def _said(kind: str, path: str, facts: GitFacts) -> tuple[tuple[str, str | bool | None], ...]:
    return (
        ("kind", kind),
        ("path", path),
        ("commit", facts.commit or None),
        ("branch", facts.branch or None),
        ("tag", facts.tag or None),
        ("tree", facts.tree or None),
        ("dirty", facts.dirty),
    )


def copy(root: Path, folder: Path, ignore: Ignore) -> None:
    """Copies what is not ignored: modes and times kept, links as links, sockets and pipes left out."""
    for entry, name, is_folder in _walk(root, ignore):
        target = folder / name
        try:
            if is_folder:
                target.mkdir()
                target.chmod(stat.S_IMODE(entry.stat().st_mode) | 0o700)
            elif entry.is_symlink():
                target.symlink_to(os.readlink(entry.path))
            else:
                shutil.copyfile(entry.path, target)
                found = entry.stat()
                target.chmod(stat.S_IMODE(found.st_mode))
                os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))
        except OSError as error:
            raise InputError(
                Problem(
                    f"cannot copy it: {error.strerror}",
                    "a source that can be read",
                    "leave it out with a line in .gcloudignore",
                    path=entry.path,
                )
            ) from error


def _walk(root: Path, ignore: Ignore) -> Iterator[tuple[os.DirEntry[str], str, bool]]:
    """Every entry that is not ignored, folders before their content, in the order of names."""
    waiting = [(str(root), "")]
    while waiting:
        place, prefix = waiting.pop()
        with os.scandir(place) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
        for entry in entries:
            name = prefix + entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if ignore.ignored(name, is_folder):
                continue
            if is_folder:
                waiting.append((entry.path, name + "/"))
            elif not (entry.is_symlink() or entry.is_file(follow_symlinks=False)):
                continue
            yield entry, name, is_folder


def _unpack(archive: Path, folder: Path) -> None:
    try:
        if archive.name.endswith(".zip"):
            with zipfile.ZipFile(archive) as zipped:
                for member in zipped.infolist():
                    written = Path(zipped.extract(member, folder))
                    if mode := member.external_attr >> 16 & 0o777:
                        written.chmod(mode | 0o600)
        elif archive.name.endswith(ARCHIVES):
            with tarfile.open(archive) as tarred:
                unpack(tarred, folder)
        else:
            raise InputError(
                Problem("an unknown kind of source", f"a folder or {', '.join(ARCHIVES)}", path=str(archive))
            )
    except (OSError, tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise InputError(
            Problem(f"cannot unpack it: {error}", "a whole archive", path=str(archive))
        ) from error


def _clone(source: str, folder: Path, environment: Mapping[str, str]) -> None:
    """Fetches one revision, without history, `.git` kept as a trigger would."""
    at = source.rfind("@")
    has_revision = at > source.rfind("/") > 0
    url, revision = (source[:at], source[at + 1 :]) if has_revision else (source, "HEAD")
    shown = _without_password(url)
    if url.startswith("-") or revision.startswith("-") or not revision:
        raise InputError(Problem(f"source {source}", "a git URL with @REVISION"))
    for command in (
        ("init", "--quiet"),
        ("remote", "add", "origin", url),
        ("fetch", "--quiet", "--depth=1", "--no-tags", "origin", revision),
        ("checkout", "--quiet", "--detach", "FETCH_HEAD"),
    ):
        try:
            done = subprocess.run(
                ["git", "-C", str(folder), *command],
                env={**environment, **GIT},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=CLONE_TIMEOUT_S,
                check=False,
            )
        except FileNotFoundError as error:
            raise WorldError(Problem("no git command here", help="install git")) from error
        except subprocess.TimeoutExpired as error:
            raise WorldError(Problem(f"git {command[0]} took more than {CLONE_TIMEOUT_S} s")) from error
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").replace(url, shown).strip().splitlines()
            reason = said[-1] if said else "no reason given"
            raise WorldError(
                Problem(
                    f"git cannot {command[0]} {shown}: {reason}",
                    "a repository that can be read, and a revision of it",
                )
            )


def _without_password(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    host = rest.partition("/")[0]
    return f"{scheme}://***{rest[host.rfind('@') :]}" if mark and "@" in host else url
