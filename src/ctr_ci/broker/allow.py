"""May this API call of a step pass, and in which form? Default: no.

One route a call; the first that matches decides. What is no route is refused by the name of its
family. Pure: everything it knows of the world comes through `Owned`.
"""

from __future__ import annotations

import re

from ctr_ci.broker import container_calls, image_calls, network_calls
from ctr_ci.broker.body import dump
from ctr_ci.broker.call import Call, Missing, Route, no_push
from ctr_ci.broker.filters import narrow
from ctr_ci.broker.http import Malformed
from ctr_ci.broker.rules import BROKER_LABEL
from ctr_ci.broker.verdict import Allow, Answer, Denial, Refuse, Verdict
from ctr_ci.source import visible

OURS = "ctr-ci refuses this"


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
        return Refuse(403, visible(message))
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
        raise no_push("docker login serves pushes, and steps may not push")
    status = "Login Succeeded (nothing was asked: steps of ctr-ci hold no registry session)"
    return Answer(200, dump({"Status": status, "IdentityToken": ""}))


_C = r"/containers/(?P<id>[^/]+)"
_ROUTES: tuple[tuple[str, str, Route], ...] = (
    ("GET|HEAD", r"/_ping", _ping),
    ("GET", r"/version", _ping),
    ("GET", r"/info", _info),
    ("GET", r"/events", _events),
    ("POST", r"/auth", _login),
    ("POST", r"/build", image_calls.build_image),
    ("POST", r"/session", image_calls.session),
    ("POST", r"/grpc", image_calls.grpc),
    ("GET", r"/containers/json", container_calls.listed),
    ("POST", r"/containers/create", container_calls.create),
    ("GET", _C + r"/json", container_calls.inspect),
    ("GET", _C + r"/(?P<verb>top)", container_calls.plain("ps_args")),
    (
        "GET",
        _C + r"/(?P<verb>logs)",
        container_calls.plain("follow", "stdout", "stderr", "since", "until", "timestamps", "tail"),
    ),
    ("GET", _C + r"/(?P<verb>changes|export)", container_calls.plain()),
    ("GET", _C + r"/(?P<verb>stats)", container_calls.plain("stream", "one-shot")),
    ("GET|HEAD", _C + r"/(?P<verb>archive)", container_calls.plain("path")),
    (
        "PUT",
        _C + r"/(?P<verb>archive)",
        container_calls.plain("path", "noOverwriteDirNonDir", "copyUIDGID", streams=True),
    ),
    ("POST", _C + r"/start", container_calls.start),
    ("POST", _C + r"/restart", container_calls.restart),
    ("POST", _C + r"/(?P<verb>stop|kill)", container_calls.stop),
    ("POST", _C + r"/(?P<verb>wait)", container_calls.plain("condition")),
    ("POST", _C + r"/(?P<verb>resize)", container_calls.plain("h", "w")),
    ("POST", _C + r"/(?P<verb>pause|unpause)", container_calls.plain()),
    ("POST", _C + r"/rename", container_calls.rename),
    ("POST", _C + r"/attach", container_calls.attach),
    ("POST", _C + r"/exec", container_calls.execute),
    ("DELETE", _C, container_calls.remove),
    ("POST", r"/exec/(?P<id>[0-9a-f]+)/start", container_calls.exec_start),
    ("GET", r"/exec/(?P<id>[0-9a-f]+)/(?P<verb>json)", container_calls.exec_other),
    ("POST", r"/exec/(?P<id>[0-9a-f]+)/(?P<verb>resize)", container_calls.exec_other),
    ("GET", r"/images/json", image_calls.listed),
    ("GET", r"/images/get", image_calls.save),
    ("POST", r"/images/create", image_calls.pull),
    ("POST", r"/images/load", image_calls.load),
    ("GET", r"/images/(?P<name>.+)/(?P<verb>json|history|get)", image_calls.look),
    ("POST", r"/images/(?P<name>.+)/tag", image_calls.tag),
    ("POST", r"/images/(?P<name>.+)/push", image_calls.push),
    ("DELETE", r"/images/(?P<name>.+)", image_calls.untag),
    ("POST", r"/commit", image_calls.commit),
    ("GET", r"/networks", network_calls.networks),
    ("POST", r"/networks/create", network_calls.create_network),
    ("POST", r"/networks/(?P<id>[^/]+)/(?P<verb>connect|disconnect)", network_calls.link),
    ("GET", r"/networks/(?P<id>[^/]+)", network_calls.inspect_network),
    ("DELETE", r"/networks/(?P<id>[^/]+)", network_calls.remove_network),
    ("GET", r"/volumes", network_calls.volumes),
    ("POST", r"/volumes/create", network_calls.create_volume),
    ("GET|DELETE", r"/volumes/(?P<id>[^/]+)", network_calls.volume),
)
