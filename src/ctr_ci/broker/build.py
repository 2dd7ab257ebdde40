"""`POST /build`: its parameters, the classic builder's and BuildKit's. Pure."""

from __future__ import annotations

from ctr_ci.broker.body import Json, canonical, items, parse, text
from ctr_ci.broker.container import network
from ctr_ci.broker.http import Malformed
from ctr_ci.broker.name import full, words
from ctr_ci.broker.scope import Scope
from ctr_ci.broker.target import Target
from ctr_ci.broker.verdict import Allow, Builds, Denial, Owned

_KNOWN = frozenset(
    words(
        "buildargs buildid cachefrom cpuperiod cpuquota cpusetcpus cpusetmems cpushares dockerfile extrahosts"
        " labels memory memswap nocache outputs platform pull q remote shmsize squash t target ulimits"
        " version"
    )
)
_EXPORTERS = ("", "moby", "local", "tar")


def build(target: Target, owned: Owned) -> Allow:
    """The build to send on. Raises Denial."""
    asked = target
    for rule, name, allowed in (
        ("security-opt", "securityopt", ("", "null", "[]")),
        ("cgroup-parent", "cgroupparent", ("",)),
        ("isolation", "isolation", ("", "default")),
    ):
        if asked.get(name) not in allowed:
            raise Denial(rule, f"{name} is not a step's to choose", "leave it out")
        asked = asked.with_query(**{name: None})
    if asked.get("remote") not in ("", "client-session"):
        raise Denial(
            "remote-context",
            "the engine would fetch the build context itself",
            "fetch it in a step, then build the folder",
        )
    mode, session = asked.get("networkmode"), asked.get("session")
    if session and not owned.session(session):
        raise Denial(
            "foreign-session", "this build has no such BuildKit session", "open it by /session first"
        )
    asked = asked.with_query(networkmode=None, session=None, rm=None, forcerm=None)
    for name, _ in asked.query:
        if name not in _KNOWN:
            raise Denial(
                "unknown-field", f"build parameter {name!r} is not known to be harmless", "leave it out"
            )
    _outputs(asked.get("outputs"))
    names = tuple(full(name) for name in asked.all("t") if name)
    quiet = asked.get("q") not in ("", "0", "false")
    for name in names:
        claim(name, owned)
    # No intermediate container may outlive the build: rm alone keeps those of a failed one.
    asked = asked.with_query(
        rm="1", forcerm="1", networkmode=network(mode, owned) or None, session=session or None
    )
    return Allow("POST", asked, streams=True, effect=Builds(names, "quiet" if quiet else "build"))


def claim(name: str, owned: Owned) -> None:
    """May a step give this name to an image? Raises Denial.

    A name that a pull brought is what other builds start from: whoever moves it poisons theirs.
    """
    if owned.made(name):
        return
    seen = owned.image(name)
    if seen is not None and is_guarded(name, seen.pulled, owned.scope):
        raise Denial(
            "foreign-name",
            f"{name} is a base image that other builds use",
            "give your image a name of its own, or list it under images:",
        )


def is_guarded(name: str, pulled: bool, scope: Scope) -> bool:
    """Is this full name of an existing image one that other builds start from?

    An image of the build's own may have come by a pull as well (for `--cache-from`, by hand): those that
    the config names, or that are its project's, are the build's.
    """
    if name.startswith(("gcr.io/cloud-builders/", "gcr.io/google.com/cloudsdktool/")):
        return True
    if not pulled:
        return False
    repository, _, _ = name.rpartition(":")
    if repository.startswith("docker.io/library/"):
        return True
    told = any(repository.removeprefix("docker.io/") in text for text in scope.told)
    return not told and scope.project not in repository.split("/")[1:]


def is_pulled(name: str, image_id: str, digests: Json) -> bool:
    """Did a registry say what this full name is? `digests` is the engine's RepoDigests.

    The containerd store gives every image a digest, one that was built here too: there the ID is that
    digest, and nothing can be told.
    """
    for digest in items(digests):
        repository, _, hashed = str(digest).partition("@")
        if full(repository).rpartition(":")[0] == name.rpartition(":")[0] and hashed != image_id:
            return True
    return False


def _outputs(raw: str) -> None:
    if not raw:
        return
    exporters: Json = parse(raw.encode("utf-8", "surrogateescape"))
    for item in items(exporters):
        found = canonical(item, ("Type", "Attrs"))
        if text(found.get("Type")) not in _EXPORTERS:
            raise Denial("exporter", f"the exporter {found['Type']!r} is closed to steps", "use local or tar")
        attributes = found.get("Attrs")
        if isinstance(attributes, dict) and any("push" in key.lower() for key in attributes):
            raise Denial("push", "a build may not push", "list the image under images: to have it pushed")
    if not isinstance(exporters, list | None):
        raise Malformed(400, "outputs is not a list")
