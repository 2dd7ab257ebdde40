"""Puts a text in a file's place at once, so that a reader sees the old one or the new one."""

from __future__ import annotations

import os


def put(path: str, raw: bytes) -> None:
    """Moves new content into place, with the old file's mode and owner; a link keeps pointing there. What
    is no regular file (a pipe, a device) is written to as it is. Raises OSError."""
    path = os.path.realpath(path)
    found = os.stat(path) if os.path.lexists(path) else None
    if found is not None and not os.path.isfile(path):
        with open(path, "wb", buffering=0) as file:
            file.write(raw)
        return
    aside = f"{path}.ctr-ci-{os.getpid()}"
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if found is None else 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
        if found is not None:
            os.chmod(aside, found.st_mode & 0o7777)
            if os.geteuid() == 0:
                os.chown(aside, found.st_uid, found.st_gid)
        os.replace(aside, path)
    except BaseException:
        os.unlink(aside)
        raise
