"""Calls on containers and on what runs in them: only those of the build, by their full ID. Pure."""

from __future__ import annotations

from ctr_ci.broker.body import Json, canonical
from ctr_ci.broker.call import Call, Missing, Route, own_container
from ctr_ci.broker.container import container
from ctr_ci.broker.filters import narrow
from ctr_ci.broker.http import Malformed
from ctr_ci.broker.name import is_name, words
from ctr_ci.broker.rules import BROKER_LABEL, Making
from ctr_ci.broker.verdict import Allow, Creates, Denial, Removes, Renames, Starts, Stops, Verdict


def listed(call: Call) -> Verdict:
    target = narrow(call.target.only("all", "limit", "size", "filters"), call.owned, BROKER_LABEL)
    return Allow("GET", target, shows="json")


def create(call: Call) -> Verdict:
    name = call.target.get("name").lstrip("/")
    if name and not is_name(name):
        raise Malformed(400, f"Invalid container name ({name})")
    making = Making(call.owned, name)
    body = container(call.body, making)
    target = call.target.only("platform").with_query(name=name + call.owned.suffix if name else None)
    effect = Creates("container", name)
    return Allow("POST", target, body, effect=effect, volumes=tuple(making.volumes), shows="json")


def plain(*parameters: str, streams: bool = False) -> Route:
    def route(call: Call) -> Verdict:
        path = f"/containers/{own_container(call)}/{call.parts['verb']}"
        return Allow(call.method, call.target.only(*parameters).with_path(path), streams=streams, shows="raw")

    return route


def inspect(call: Call) -> Verdict:
    path = f"/containers/{own_container(call)}/json"
    return Allow("GET", call.target.only("size").with_path(path), shows="json")


def start(call: Call) -> Verdict:
    # The body of old clients is a HostConfig: it is not sent on.
    own = own_container(call)
    target = call.target.only("detachKeys").with_path(f"/containers/{own}/start")
    return Allow("POST", target, effect=Starts(own))


def restart(call: Call) -> Verdict:
    own = own_container(call)
    return Allow(
        "POST", call.target.only("t").with_path(f"/containers/{own}/restart"), effect=Starts(own, again=True)
    )


_ENDING = ("", "KILL", "TERM", "INT", "QUIT", "2", "3", "9", "15")


def stop(call: Call) -> Verdict:
    own = own_container(call)
    path = f"/containers/{own}/{call.parts['verb']}"
    ends = call.target.get("signal").upper().removeprefix("SIG") in _ENDING
    effect = Stops(own) if ends else None  # after a HUP or USR1 its exit code still speaks for it
    return Allow("POST", call.target.only("t", "signal").with_path(path), effect=effect)


def rename(call: Call) -> Verdict:
    own, name = own_container(call), call.target.get("name").lstrip("/")
    if not is_name(name):
        raise Malformed(400, f"Invalid container name ({name})")
    target = call.target.only().with_path(f"/containers/{own}/rename")
    return Allow("POST", target.with_query(name=name + call.owned.suffix), effect=Renames(own, name))


def remove(call: Call) -> Verdict:
    own = own_container(call)
    if call.target.get("link") not in ("", "0", "false"):
        raise Denial("links", "removing links is not open to steps", "remove the container")
    # v: an anonymous volume has no name that anyone could use later, and would stay for ever.
    target = call.target.only("force").with_path(f"/containers/{own}").with_query(v="1")
    return Allow("DELETE", target, effect=Removes("container", own))


def attach(call: Call) -> Verdict:
    path = f"/containers/{own_container(call)}/attach"
    target = call.target.only("detachKeys", "logs", "stream", "stdin", "stdout", "stderr").with_path(path)
    return Allow("POST", target, upgrade=call.upgrade if call.upgrade == "tcp" else "raw")


def execute(call: Call) -> Verdict:
    known = words("AttachStdin AttachStdout AttachStderr Cmd ConsoleSize DetachKeys Env Tty User WorkingDir")
    body = canonical(call.body, [*known, "Privileged", "Detach"])
    if body.pop("Privileged", None):
        raise Denial("privileged", "privileged execs are closed to steps", "run it without --privileged")
    body.pop("Detach", None)
    for key, item in body.items():
        if item and key not in known:
            raise Denial("unknown-field", f"{key} is not known to be harmless", "leave it out")
    target = call.target.only().with_path(f"/containers/{own_container(call)}/exec")
    return Allow("POST", target, {k: body[k] for k in body if k in known}, effect=Creates("exec"))


def _execution(call: Call) -> str:
    if not call.owned.execution(call.parts["id"]):
        raise Missing("exec", call.parts["id"])
    return call.parts["id"]


def exec_start(call: Call) -> Verdict:
    body = canonical(call.body, ("Detach", "Tty", "ConsoleSize"))
    kept: dict[str, Json] = {key: body[key] for key in ("Detach", "Tty", "ConsoleSize") if key in body}
    upgrade = "" if kept.get("Detach") else call.upgrade if call.upgrade == "tcp" else "raw"
    return Allow(
        "POST", call.target.only().with_path(f"/exec/{_execution(call)}/start"), kept, upgrade=upgrade
    )


def exec_other(call: Call) -> Verdict:
    path = f"/exec/{_execution(call)}/{call.parts['verb']}"
    return Allow(call.method, call.target.only("h", "w").with_path(path), shows="raw")
