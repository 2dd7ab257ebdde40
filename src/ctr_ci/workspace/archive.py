"""Unpacks a tar archive that nobody vouches for: nothing of it lands, or leads, outside the folder.

The standard library has such a filter only since Python 3.11.4; Debian 12 has 3.11.2.
"""

from __future__ import annotations

import os
import tarfile
from pathlib import Path


def unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Files are the user's own, without set-id bits. Raises tarfile.TarError for a member that is
    absolute, leads outside, or is neither file, folder nor link."""
    # We check each member ourselves; this only keeps later Pythons from warning.
    archive.extraction_filter = _as_it_is
    root = os.path.realpath(folder)
    for member in archive:
        place = os.path.join(root, member.name)
        if os.path.isabs(member.name) or not _within(os.path.realpath(place), root):
            raise tarfile.ExtractError(f"{member.name} lies outside of the archive's folder")
        if member.issym():
            target = os.path.join(os.path.dirname(place), member.linkname)
            _check_link(member, target, root)
        elif member.islnk():
            _check_link(member, os.path.join(root, member.linkname), root)
        elif not (member.isreg() or member.isdir()):
            raise tarfile.ExtractError(f"{member.name} is neither a file, a folder nor a link")
        member.uid, member.gid, member.uname, member.gname = os.getuid(), os.getgid(), "", ""
        member.mode = (member.mode & 0o777) | (0o700 if member.isdir() else 0o600)
        archive.extract(member, root)


def _check_link(member: tarfile.TarInfo, target: str, root: str) -> None:
    if os.path.isabs(member.linkname) or not _within(os.path.realpath(target), root):
        raise tarfile.ExtractError(f"{member.name} links to the outside: {member.linkname}")


def _within(path: str, root: str) -> bool:
    return path == root or path.startswith(root + os.sep)


def _as_it_is(member: tarfile.TarInfo, _: str) -> tarfile.TarInfo:
    return member
