"""Is what a tag points at older than what is pushed? By version, else by the time of the build.

The version is what the manifest's annotation or the image's label `org.opencontainers.image.version`
says (image-spec `annotations.md`), the time is `created` of the config (image-spec `config.md`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from ctr_ci.oci import LARGEST, Digest, Index, Manifest, Object
from ctr_ci.problem import InputError
from ctr_ci.publish.tags import Version
from ctr_ci.registry import Registry, blobs, manifests

VERSION = "org.opencontainers.image.version"
EPOCH = datetime(1970, 1, 2, tzinfo=UTC)  # reproducible builds write the first second of time: no time


@dataclass(frozen=True, slots=True)
class Age:
    """What an image says of its own age; `created` None where it says nothing of use."""

    version: Version | None
    created: datetime | None


def why_kept(registry: Registry, there: Digest, ours: Age) -> str:
    """Why a tag at `there` stays, in words; "" where it may move. What tells nothing stays: nobody
    could say afterwards that it was the older one."""
    found = manifests.get(registry, str(there))
    if found is None:
        return ""
    theirs = age(registry, found)
    if theirs.version and ours.version and precedence(theirs.version) != precedence(ours.version):
        if precedence(theirs.version) < precedence(ours.version):
            return ""
        return f"it is version {theirs.version}, this is {ours.version}"
    if theirs.created is None or ours.created is None:
        which = "what it points at" if theirs.created is None else "this image"
        return f"{which} tells neither a version to compare nor when it was built"
    if theirs.created < ours.created:
        return ""
    if theirs.created == ours.created:
        return f"both were built at {_shown(ours.created)}"
    return f"it was built at {_shown(theirs.created)}, this at {_shown(ours.created)}"


def age(registry: Registry, found: Manifest | Index) -> Age:
    """What manifest and config say; an index is as old as its newest image."""
    said = dict(found.annotations).get(VERSION, "")
    if isinstance(found, Manifest):
        read = _config(registry, found)
        return Age(Version.find(said) or read.version, read.created)
    children = [manifests.get(registry, str(entry.digest)) for entry in found.manifests]
    ages = [age(registry, child) for child in children if child is not None]
    versions = [one.version for one in ages if one.version]
    times = [one.created for one in ages if one.created]
    newest = max(versions, key=precedence, default=None)
    return Age(Version.find(said) or newest, max(times, default=None))


def precedence(version: Version) -> tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]:
    """The order of semantic versions (semver.org §11): a prerelease comes before its release, its
    parts count as numbers where they are some, and numbers come before words."""
    parts = tuple(
        (False, int(part), "") if part.isdecimal() else (True, 0, part)
        for part in version.pre.split(".")
        if version.pre
    )
    return version.rank, not version.pre, parts


def _config(registry: Registry, found: Manifest) -> Age:
    if found.config.size > LARGEST:
        return Age(None, None)
    raw = blobs.read(registry, found.config.digest, found.config.size)
    try:
        config = Object.parse(raw, "the image's config")
        labels = config.child("config").pairs("Labels") if config.has("config") else ()
        return Age(Version.find(dict(labels).get(VERSION, "")), _time(config.text("created", "")))
    except InputError:
        return Age(None, None)  # an artifact, or somebody's own kind of config


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found if found >= EPOCH else None


def _shown(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
