"""What the engine's host calls the files that we see.

The same, where ctr-ci runs on that host. In a container (a container job of a CI, say) the engine knows
our files by other names, if at all: those of the mounts that it gave our container. Pure, but for
`container_id`, which asks the kernel.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ctr_ci.value import value

_MOUNTS = Path("/proc/self/mountinfo")
_GIVEN = ("/etc/hostname", "/etc/hosts", "/etc/resolv.conf")  # mounted in each container by its engine
_ID_LENGTH = 64


@value
class Sight:
    """Pairs of a path of ours and the host's name for it, the longest path of ours first; None for what
    has none there (a tmpfs)."""

    folders: tuple[tuple[str, str | None], ...] = (("/", "/"),)

    def theirs(self, path: str) -> str | None:
        """What the engine's host calls an absolute path of ours; None: it cannot see it."""
        if ".." in path.split("/"):
            return None
        for ours, theirs in self.folders:
            if path == ours or path.startswith(ours.rstrip("/") + "/"):
                inside = path[len(ours) :].strip("/")
                if theirs is None:
                    return None
                return f"{theirs.rstrip('/')}/{inside}" if inside else theirs
        return None


def of_container(answer: Mapping[str, object]) -> Sight:
    """From `GET /containers/{id}/json` of the container that we run in."""
    mounts, host = answer.get("Mounts"), answer.get("HostConfig")
    memory = host.get("Tmpfs") if isinstance(host, Mapping) else None
    found: list[tuple[str, str | None]] = [
        (str(mount["Destination"]).rstrip("/") or "/", str(mount.get("Source") or "") or None)
        for mount in (mounts if isinstance(mounts, list) else ())
        if isinstance(mount, Mapping) and mount.get("Destination")
    ]
    found += [(str(path).rstrip("/") or "/", None) for path in (memory or ())]
    return Sight(tuple(sorted(found, key=lambda pair: len(pair[0]), reverse=True)))


def container_id(mounts: str | None = None) -> str:
    """The ID of the container that this process runs in, "" for none; `mounts`: the text of mountinfo."""
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) > 4 and fields[4] in _GIVEN:
            for part in fields[3].split("/"):
                if len(part) == _ID_LENGTH and set(part) <= set("0123456789abcdef"):
                    return part
    return ""
