"""May this API call of a step pass, and in which form? Default: no.

One route a call; the first that matches decides. What is no route is refused by the name of its
family. Pure: everything it knows of the world comes through `Owned`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ctr_ci.broker.body import Json, canonical, dump, record, text
from ctr_ci.broker.build import build, claim
from ctr_ci.broker.container import BROKER_LABEL, Making, container, endpoint, labels
from ctr_ci.broker.filters import narrow
from ctr_ci.broker.http import Malformed
from ctr_ci.broker.name import full, is_image_id, is_name, words
from ctr_ci.broker.target import Target
from ctr_ci.broker.verdict import (
    Allow,
    Answer,
    Builds,
    Creates,
    Denial,
    Loads,
    Opens,
    Owned,
    Refuse,
    Removes,
    Renames,
    Starts,
    Stops,
    Tags,
    Verdict,
)

OURS = "ctr-ci refuses this"


class Call:
    """One request to be judged: `body` is its JSON, None where it has none or is a stream."""

    __slots__ = ("body", "headers", "method", "owned", "parts", "target", "upgrade")

    def __init__(
        self,
        method: str,
        target: Target,
        owned: Owned,
        body: Json = None,
        upgrade: str = "",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.method = method
        self.target = target
        self.owned = owned
        self.body = body
        self.upgrade = upgrade
        self.headers = headers
        self.parts: dict[str, str] = {}

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")


Route = Callable[[Call], Verdict]


def decide(call: Call) -> Verdict:
    """Whether the call passes. Raises nothing: what cannot be understood is refused."""
    try:
        for method, pattern, route in _ROUTES:
            if call.method in method.split("|"):
                match = re.fullmatch(pattern, call.target.path)
                if match:
                    call.parts = match.groupdict()
                    return route(call)
        return _closed(call)
    except Missing as missing:
        return Refuse(404, missing.why)
    except Denial as denial:
        message = f"{OURS} (rule {denial.rule}): {denial.why}. Instead: {denial.way_out}."
        return Refuse(403, message)
    except Malformed as malformed:
        return Refuse(malformed.status, f"{OURS}: {malformed.why}.")


def streams(method: str, path: str) -> bool:
    """Is the body of this call a stream that is not read before it is judged?"""
    return any(method in methods.split("|") and re.fullmatch(pattern, path) for methods, pattern in _STREAMS)


_STREAMS = (
    ("POST", r"/build"),
    ("POST", r"/images/(load|create)"),
    ("PUT", r"/containers/[^/]+/archive"),
)


def _closed(call: Call) -> Verdict:
    family = call.target.path.split("/")[1]
    if call.target.path.endswith("/prune"):
        raise Denial("prune", "a prune reaches other people's things", "remove by name what this build made")
    why, way_out = _FAMILIES.get(family, (f"{call.method} {call.target.path} is not open to steps", ""))
    raise Denial(family or "unknown", why, way_out or "see docs/security.md for what steps may ask for")


_FAMILIES = {
    **dict.fromkeys(
        ("swarm", "nodes", "services", "tasks", "secrets", "configs"),
        ("swarms are closed to steps", "run containers with `docker run`"),
    ),
    "plugins": ("engine plugins are closed to steps", "do without"),
    "distribution": ("asking registries through the engine is closed to steps", "use the registry's own API"),
    "system": ("the engine's disk usage is not the build's", "use `docker images` and `docker ps`"),
    "debug": ("the engine's insides are closed to steps", "do without"),
}


# Engine


def _ping(call: Call) -> Verdict:
    return Allow(call.method, call.target.only())


def _info(call: Call) -> Verdict:
    return Allow("GET", call.target.only(), shows="info")


def _events(call: Call) -> Verdict:
    target = narrow(call.target.only("since", "until", "filters"), call.owned, BROKER_LABEL)
    return Allow("GET", target, shows="events")


def _login(call: Call) -> Verdict:
    """Nothing is contacted: the step's own credential never leaves it."""
    if call.owned.scope.push == "refused":
        raise _no_push("docker login serves pushes, and steps may not push")
    status = "Login Succeeded (nothing was asked: steps of ctr-ci hold no registry session)"
    return Answer(200, dump({"Status": status, "IdentityToken": ""}))


def _no_push(why: str) -> Denial:
    return Denial("push", why, "list the image under images: and use `ctr-ci publish`")


# Containers


def _own(call: Call) -> str:
    reference = call.parts["id"]
    found = call.owned.container(reference)
    if found is None:
        raise Missing("container", reference)
    return found


class Missing(Denial):
    """Not of this build: to the step it is as if it were not there."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"foreign-{kind}", f"No such {kind}: {name}", "use what this build's steps made")


def _containers(call: Call) -> Verdict:
    target = narrow(call.target.only("all", "limit", "size", "filters"), call.owned, BROKER_LABEL)
    return Allow("GET", target, shows="json")


def _create(call: Call) -> Verdict:
    name = call.target.get("name").lstrip("/")
    if name and not is_name(name):
        raise Malformed(400, f"Invalid container name ({name})")
    making = Making(call.owned, name)
    body = container(call.body, making)
    target = call.target.only("platform").with_query(name=name + call.owned.suffix if name else None)
    effect = Creates("container", name)
    return Allow("POST", target, body, effect=effect, volumes=tuple(making.volumes), shows="json")


def _on_container(*parameters: str, streams: bool = False) -> Route:
    def route(call: Call) -> Verdict:
        path = f"/containers/{_own(call)}/{call.parts['verb']}"
        return Allow(call.method, call.target.only(*parameters).with_path(path), streams=streams, shows="raw")

    return route


def _inspect(call: Call) -> Verdict:
    path = f"/containers/{_own(call)}/json"
    return Allow("GET", call.target.only("size").with_path(path), shows="json")


def _start(call: Call) -> Verdict:
    # The body of old clients is a HostConfig: it is not sent on.
    own = _own(call)
    target = call.target.only("detachKeys").with_path(f"/containers/{own}/start")
    return Allow("POST", target, effect=Starts(own))


def _restart(call: Call) -> Verdict:
    own = _own(call)
    return Allow(
        "POST", call.target.only("t").with_path(f"/containers/{own}/restart"), effect=Starts(own, again=True)
    )


def _stop(call: Call) -> Verdict:
    own = _own(call)
    path = f"/containers/{own}/{call.parts['verb']}"
    return Allow("POST", call.target.only("t", "signal").with_path(path), effect=Stops(own))


def _rename(call: Call) -> Verdict:
    own, name = _own(call), call.target.get("name").lstrip("/")
    if not is_name(name):
        raise Malformed(400, f"Invalid container name ({name})")
    target = call.target.only().with_path(f"/containers/{own}/rename")
    return Allow("POST", target.with_query(name=name + call.owned.suffix), effect=Renames(own, name))


def _remove_container(call: Call) -> Verdict:
    own = _own(call)
    if call.target.get("link") not in ("", "0", "false"):
        raise Denial("links", "removing links is not open to steps", "remove the container")
    # v: an anonymous volume has no name that anyone could use later, and would stay for ever.
    target = call.target.only("force").with_path(f"/containers/{own}").with_query(v="1")
    return Allow("DELETE", target, effect=Removes("container", own))


def _attach(call: Call) -> Verdict:
    path = f"/containers/{_own(call)}/attach"
    target = call.target.only("detachKeys", "logs", "stream", "stdin", "stdout", "stderr").with_path(path)
    return Allow("POST", target, upgrade=call.upgrade if call.upgrade == "tcp" else "raw")


def _exec(call: Call) -> Verdict:
    known = words("AttachStdin AttachStdout AttachStderr Cmd ConsoleSize DetachKeys Env Tty User WorkingDir")
    body = canonical(call.body, [*known, "Privileged", "Detach"])
    if body.pop("Privileged", None):
        raise Denial("privileged", "privileged execs are closed to steps", "run it without --privileged")
    body.pop("Detach", None)
    for key, item in body.items():
        if item and key not in known:
            raise Denial("unknown-field", f"{key} is not known to be harmless", "leave it out")
    target = call.target.only().with_path(f"/containers/{_own(call)}/exec")
    return Allow("POST", target, {k: body[k] for k in body if k in known}, effect=Creates("exec"))


def _execution(call: Call) -> str:
    if not call.owned.execution(call.parts["id"]):
        raise Missing("exec", call.parts["id"])
    return call.parts["id"]


def _exec_start(call: Call) -> Verdict:
    body = canonical(call.body, ("Detach", "Tty", "ConsoleSize"))
    kept: dict[str, Json] = {key: body[key] for key in ("Detach", "Tty", "ConsoleSize") if key in body}
    upgrade = "" if kept.get("Detach") else call.upgrade if call.upgrade == "tcp" else "raw"
    return Allow(
        "POST", call.target.only().with_path(f"/exec/{_execution(call)}/start"), kept, upgrade=upgrade
    )


def _exec_other(call: Call) -> Verdict:
    path = f"/exec/{_execution(call)}/{call.parts['verb']}"
    return Allow(call.method, call.target.only("h", "w").with_path(path), shows="raw")


# Images


def _images(call: Call) -> Verdict:
    return Allow("GET", call.target.only("all", "filters", "filter", "digests", "shared-size", "manifests"))


def _image(call: Call) -> Verdict:
    path = f"/images/{call.parts['name']}/{call.parts['verb']}"
    return Allow("GET", call.target.only("platform", "manifests").with_path(path))


def _save(call: Call) -> Verdict:
    return Allow("GET", call.target.only("names", "platform"))


def _tag(call: Call) -> Verdict:
    repository, tag = call.target.get("repo"), call.target.get("tag")
    name = full(f"{repository}:{tag}" if tag else repository)
    claim(name, call.owned)
    seen = call.owned.image(call.parts["name"])
    if seen is None:
        return Refuse(404, f"No such image: {call.parts['name']}")
    # By ID: the name could come to mean another image between this look and the engine's.
    target = call.target.only("repo", "tag").with_path(f"/images/{seen.id}/tag")
    return Allow("POST", target, effect=Tags(seen.id, name))


def _untag(call: Call) -> Verdict:
    reference = call.parts["name"]
    seen = call.owned.image(reference)
    if seen is None:
        return Refuse(404, f"No such image: {reference}")
    by_id = is_image_id(reference) or seen.id.removeprefix("sha256:").startswith(reference)
    names = [full(name) for name in seen.names] if by_id else [full(reference)]
    if not all(call.owned.made(name) for name in names) or (by_id and not call.owned.built(seen.id)):
        raise Denial(
            "foreign-image",
            f"{reference} was there before this build",
            "remove only names that this build's steps have given",
        )
    return Allow("DELETE", call.target.only("force", "noprune"))


def _pull(call: Call) -> Verdict:
    target = call.target.only("fromImage", "fromSrc", "repo", "tag", "message", "platform", "changes")
    source, image, tag = target.get("fromSrc"), target.get("fromImage"), target.get("tag")
    if image:
        if source:
            raise Malformed(400, "both fromImage and fromSrc")
        separator = "@" if tag.startswith("sha256:") else ":"
        name = full(f"{image}{separator}{tag}" if tag else image)
        known = call.owned.image(name) is not None
        return Allow("POST", target, effect=None if known else Builds((name,), "pull"))
    if source != "-":
        raise Denial(
            "remote-import", "the engine would fetch the archive itself", "fetch it, then import a file"
        )
    repository = target.get("repo")
    names = (full(f"{repository}:{tag}" if tag else repository),) if repository else ()
    for name in names:
        claim(name, call.owned)
    return Allow("POST", target, streams=True, effect=Builds(names, "import"))


def _load(call: Call) -> Verdict:
    return Allow("POST", call.target.only("quiet", "platform"), streams=True, effect=Loads())


def _push(call: Call) -> Verdict:
    name = call.parts["name"]
    tag = call.target.get("tag")
    shown = f"{name}:{tag}" if tag else name
    if call.owned.scope.push == "refused":
        raise _no_push(f"steps may not push {shown}")
    if call.owned.image(shown) is None:
        message = f"An image does not exist locally with the tag: {name}"
        return Answer(200, dump({"errorDetail": {"message": message}, "error": message}) + b"\r\n")
    lines: tuple[Json, ...] = (
        {"status": f"The push refers to repository [{full(name).rpartition(':')[0]}]"},
        {"status": f"held: not pushed ({shown} stays here; `ctr-ci publish` pushes what was tested)"},
    )
    return Answer(200, b"".join(dump(line) + b"\r\n" for line in lines), held=shown)


def _commit(call: Call) -> Verdict:
    reference = call.target.get("container")
    own = call.owned.container(reference)
    if own is None:
        raise Missing("container", reference)
    repository, tag = call.target.get("repo"), call.target.get("tag")
    names = (full(f"{repository}:{tag}" if tag else repository),) if repository else ()
    for name in names:
        claim(name, call.owned)
    target = call.target.only("repo", "tag", "comment", "author", "pause", "changes").with_query(
        container=own
    )
    return Allow("POST", target, record(call.body), effect=Builds(names, "commit"))


# Networks


def _networks(call: Call) -> Verdict:
    return Allow("GET", narrow(call.target.only("filters"), call.owned), shows="networks")


def _network(call: Call) -> str:
    found = call.owned.network(call.parts["id"])
    if found is None:
        raise Missing("network", call.parts["id"])
    return found


def _network_inspect(call: Call) -> Verdict:
    name = call.parts["id"]
    found = name if name in ("bridge", "none") else _network(call)
    return Allow("GET", call.target.only("verbose").with_path(f"/networks/{found}"), shows="networks")


def _network_create(call: Call) -> Verdict:
    known = words("Name CheckDuplicate Driver Internal Attachable EnableIPv6 EnableIPv4 IPAM Labels Scope")
    body = canonical(call.body, [*known, "Options", "Ingress", "ConfigOnly", "ConfigFrom"])
    name = text(body.get("Name"))
    if not is_name(name):
        raise Malformed(400, f"Invalid network name ({name})")
    if text(body.get("Driver")) not in ("", "bridge") or text(body.get("Scope")) not in ("", "local"):
        raise Denial("network-driver", "only bridge networks are open to steps", "leave --driver out")
    if body.get("Options"):
        raise Denial("network-driver", "a network driver's options are closed to steps", "leave them out")
    if isinstance(ipam := body.get("IPAM"), dict) and _chosen(ipam):
        raise Denial(
            "network-address",
            "addresses that a step chooses could cover the host's own networks",
            "leave --subnet out and reach containers by name",
        )
    for key, item in body.items():
        if item and key not in known:
            raise Denial("unknown-field", f"{key} is not known to be harmless", "leave it out")
    kept = {key: body[key] for key in known if key in body}
    kept |= {"Name": name + call.owned.suffix, "Labels": labels(body.get("Labels"), call.owned)}
    kept |= {"CheckDuplicate": True}
    return Allow("POST", call.target.only(), kept, effect=Creates("network", name), shows="json")


def _chosen(ipam: dict[str, Json]) -> bool:
    found = canonical(ipam, ("Driver", "Config", "Options"))
    return bool(
        text(found.get("Driver")) not in ("", "default") or found.get("Config") or found.get("Options")
    )


def _network_link(call: Call) -> Verdict:
    body = canonical(call.body, ("Container", "EndpointConfig", "Force"))
    reference = text(body.get("Container"))
    own = call.owned.container(reference)
    if own is None:
        raise Missing("container", reference)
    kept: dict[str, Json] = {"Container": own}
    if call.parts["verb"] == "connect":
        making = Making(call.owned, call.owned.given_name(own))
        kept["EndpointConfig"] = endpoint(body.get("EndpointConfig"), making)
    else:
        kept["Force"] = bool(body.get("Force"))
    path = f"/networks/{_network(call)}/{call.parts['verb']}"
    return Allow("POST", call.target.only().with_path(path), kept)


def _network_remove(call: Call) -> Verdict:
    found = _network(call)
    if found == call.owned.scope.network:
        raise Denial("build-network", "the network cloudbuild lives as long as the build", "leave it")
    return Allow(
        "DELETE", call.target.only().with_path(f"/networks/{found}"), effect=Removes("network", found)
    )


# Volumes


def _volumes(call: Call) -> Verdict:
    return Allow("GET", narrow(call.target.only("filters"), call.owned, BROKER_LABEL), shows="json")


def _volume_create(call: Call) -> Verdict:
    body = canonical(call.body, ("Name", "Driver", "DriverOpts", "Labels", "ClusterVolumeSpec"))
    name = text(body.get("Name"))
    if name and not is_name(name):
        raise Malformed(400, f"invalid volume name {name!r}")
    if text(body.get("Driver")) not in ("", "local"):
        raise Denial("volume-driver", "volume drivers are closed to steps", "leave --driver out")
    if body.get("DriverOpts") or body.get("ClusterVolumeSpec"):
        raise Denial(
            "volume-driver",
            "a volume's driver options can mount any path or device of the host",
            "leave --opt out; mount what lies below /workspace with -v",
        )
    kept: dict[str, Json] = {"Driver": "local", "Labels": labels(body.get("Labels"), call.owned)}
    if name:
        kept["Name"] = name + call.owned.suffix
    return Allow("POST", call.target.only(), kept, effect=Creates("volume", name), shows="json")


def _volume(call: Call) -> Verdict:
    found = call.owned.volume(call.parts["id"])
    if found is None:
        raise Missing("volume", call.parts["id"])
    effect = Removes("volume", found) if call.method == "DELETE" else None
    target = call.target.only("force").with_path(f"/volumes/{found}")
    return Allow(call.method, target, effect=effect, shows="json")


# BuildKit


def _session(call: Call) -> Verdict:
    if call.upgrade != "h2c":
        raise Malformed(400, "no upgrade to h2c in the request")
    names = (
        "x-docker-expose-session-uuid",
        "x-docker-expose-session-name",
        "x-docker-expose-session-sharedkey",
    )
    headers = tuple(
        (k, v) for k, v in call.headers if k in names or k == "x-docker-expose-session-grpc-method"
    )
    session = call.header("x-docker-expose-session-uuid")
    if not session:
        raise Malformed(400, "the session has no name")
    return Allow("POST", call.target.only(), upgrade="h2c", headers=headers, effect=Opens(session))


def _grpc(call: Call) -> Verdict:
    """All of BuildKit, other builds' caches included: so what is said on it is judged call by call."""
    if call.upgrade != "h2c":
        raise Malformed(400, "no upgrade to h2c in the request")
    return Allow("POST", call.target.only(), upgrade="h2c", filtered=True)


def _build(call: Call) -> Verdict:
    return build(call.target, call.owned)


_C = r"/containers/(?P<id>[^/]+)"
_ROUTES: tuple[tuple[str, str, Route], ...] = (
    ("GET|HEAD", r"/_ping", _ping),
    ("GET", r"/version", _ping),
    ("GET", r"/info", _info),
    ("GET", r"/events", _events),
    ("POST", r"/auth", _login),
    ("POST", r"/build", _build),
    ("POST", r"/session", _session),
    ("POST", r"/grpc", _grpc),
    ("GET", r"/containers/json", _containers),
    ("POST", r"/containers/create", _create),
    ("GET", _C + r"/json", _inspect),
    ("GET", _C + r"/(?P<verb>top)", _on_container("ps_args")),
    (
        "GET",
        _C + r"/(?P<verb>logs)",
        _on_container("follow", "stdout", "stderr", "since", "until", "timestamps", "tail"),
    ),
    ("GET", _C + r"/(?P<verb>changes|export)", _on_container()),
    ("GET", _C + r"/(?P<verb>stats)", _on_container("stream", "one-shot")),
    ("GET|HEAD", _C + r"/(?P<verb>archive)", _on_container("path")),
    (
        "PUT",
        _C + r"/(?P<verb>archive)",
        _on_container("path", "noOverwriteDirNonDir", "copyUIDGID", streams=True),
    ),
    ("POST", _C + r"/start", _start),
    ("POST", _C + r"/restart", _restart),
    ("POST", _C + r"/(?P<verb>stop|kill)", _stop),
    ("POST", _C + r"/(?P<verb>wait)", _on_container("condition")),
    ("POST", _C + r"/(?P<verb>resize)", _on_container("h", "w")),
    ("POST", _C + r"/(?P<verb>pause|unpause)", _on_container()),
    ("POST", _C + r"/rename", _rename),
    ("POST", _C + r"/attach", _attach),
    ("POST", _C + r"/exec", _exec),
    ("DELETE", _C, _remove_container),
    ("POST", r"/exec/(?P<id>[0-9a-f]+)/start", _exec_start),
    ("GET", r"/exec/(?P<id>[0-9a-f]+)/(?P<verb>json)", _exec_other),
    ("POST", r"/exec/(?P<id>[0-9a-f]+)/(?P<verb>resize)", _exec_other),
    ("GET", r"/images/json", _images),
    ("GET", r"/images/get", _save),
    ("POST", r"/images/create", _pull),
    ("POST", r"/images/load", _load),
    ("GET", r"/images/(?P<name>.+)/(?P<verb>json|history|get)", _image),
    ("POST", r"/images/(?P<name>.+)/tag", _tag),
    ("POST", r"/images/(?P<name>.+)/push", _push),
    ("DELETE", r"/images/(?P<name>.+)", _untag),
    ("POST", r"/commit", _commit),
    ("GET", r"/networks", _networks),
    ("POST", r"/networks/create", _network_create),
    ("POST", r"/networks/(?P<id>[^/]+)/(?P<verb>connect|disconnect)", _network_link),
    ("GET", r"/networks/(?P<id>[^/]+)", _network_inspect),
    ("DELETE", r"/networks/(?P<id>[^/]+)", _network_remove),
    ("GET", r"/volumes", _volumes),
    ("POST", r"/volumes/create", _volume_create),
    ("GET|DELETE", r"/volumes/(?P<id>[^/]+)", _volume),
)
