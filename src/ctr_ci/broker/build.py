"""`POST /build`: its parameters, the classic builder's and BuildKit's. Pure."""

from __future__ import annotations

from ctr_ci.broker.body import Json, canonical, items, parse, text
from ctr_ci.broker.container import network
from ctr_ci.broker.http import Malformed
from ctr_ci.broker.name import full, words
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
    if is_common(name, pulled=True):
        seen = owned.image(name)
        if seen is not None and is_common(name, seen.pulled):
            raise Denial(
                "foreign-name",
                f"{name} is a base image that other builds use",
                "give your image a name of its own",
            )


def is_common(name: str, pulled: bool) -> bool:
    """Is this full name of an existing image one that other builds start from?"""
    builder = name.startswith(("gcr.io/cloud-builders/", "gcr.io/google.com/cloudsdktool/"))
    return builder or (pulled and name.startswith("docker.io/library/"))


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
