"""Calls on networks and volumes: only those of the build, by their real names. Pure."""

from __future__ import annotations

from ctr_ci.broker.body import Json, canonical, text
from ctr_ci.broker.call import Call, Missing
from ctr_ci.broker.container import endpoint
from ctr_ci.broker.filters import narrow
from ctr_ci.broker.http import Malformed
from ctr_ci.broker.name import is_name, words
from ctr_ci.broker.rules import BROKER_LABEL, Making, labels
from ctr_ci.broker.verdict import Allow, Creates, Denial, Removes, Verdict


def networks(call: Call) -> Verdict:
    return Allow("GET", narrow(call.target.only("filters"), call.owned), shows="networks")


def _network(call: Call) -> str:
    found = call.owned.network(call.parts["id"])
    if found is None:
        raise Missing("network", call.parts["id"])
    return found


def inspect_network(call: Call) -> Verdict:
    name = call.parts["id"]
    found = name if name in ("bridge", "none") else _network(call)
    return Allow("GET", call.target.only("verbose").with_path(f"/networks/{found}"), shows="networks")


def create_network(call: Call) -> Verdict:
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


def link(call: Call) -> Verdict:
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


def remove_network(call: Call) -> Verdict:
    found = _network(call)
    if found == call.owned.scope.network:
        raise Denial("build-network", "the network cloudbuild lives as long as the build", "leave it")
    return Allow(
        "DELETE", call.target.only().with_path(f"/networks/{found}"), effect=Removes("network", found)
    )


def volumes(call: Call) -> Verdict:
    return Allow("GET", narrow(call.target.only("filters"), call.owned, BROKER_LABEL), shows="json")


def create_volume(call: Call) -> Verdict:
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


def volume(call: Call) -> Verdict:
    found = call.owned.volume(call.parts["id"])
    if found is None:
        raise Missing("volume", call.parts["id"])
    effect = Removes("volume", found) if call.method == "DELETE" else None
    target = call.target.only("force").with_path(f"/volumes/{found}")
    return Allow(call.method, target, effect=effect, shows="json")
