"""`POST /containers/create`: which containers a step may have. One table a structure; a key that no
table knows is refused unless it is empty. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from ctr_ci.broker.body import Json, canonical, items, record, text
from ctr_ci.broker.mount import binds, mounts
from ctr_ci.broker.name import words
from ctr_ci.broker.rules import Check, Making, checked, keep, labels, never, one_of, unset
from ctr_ci.broker.verdict import Denial, Owned

_DEFAULT_CAPS = frozenset(
    words(
        "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID"
        " SETPCAP SETUID SYS_CHROOT"
    )
)
_BUILT_IN = ("", "default", "bridge", "none", "host")


def container(body: Json, making: Making) -> Json:
    """The body to send on for a container called `making.name` ("" for none). Raises Denial."""
    config = checked(body, _CONFIG, making, "Config")
    host = record(config.get("HostConfig"))
    config["HostConfig"] = host | _limits(host, making)
    config["Labels"] = labels(config.get("Labels"), making.owned)
    config["NetworkingConfig"] = _endpoints(config, making)
    return config


def network(mode: str, owned: Owned) -> str:
    """The engine's word for a network mode of a step's. Raises Denial."""
    if mode in ("", "default", "bridge", "none"):
        return mode
    kind, colon, reference = mode.partition(":")
    if colon:
        return _joined(kind, reference, mode, owned, "NetworkMode")
    found = owned.network(mode)
    if found is None:
        if mode == "host":
            raise Denial(
                "host-namespace",
                "the host's network is closed to steps",
                "use --network=cloudbuild: the build's containers reach each other there by name",
            )
        raise Denial(
            "foreign-network",
            f"this build has no network {mode!r}",
            "use cloudbuild, or `docker network create` one first",
        )
    return found


def endpoint(value: Json, making: Making) -> dict[str, Json]:
    """A container's place in a user network, where it answers to its chosen name too."""
    found = checked(value, _ENDPOINT, making, "EndpointSettings")
    aliases = items(found.get("Aliases"))
    if making.name and making.name not in aliases:
        aliases = [*aliases, making.name]
    if aliases:
        found["Aliases"] = aliases
    return found


def _joinable(rule: str, name: str, *allowed: str) -> Check:
    """A namespace: of its own, or that of another container of this build."""

    def check(value: Json, making: Making) -> Json:
        mode = text(value)
        if mode in allowed:
            return value
        kind, _, reference = mode.partition(":")
        return _joined(kind, reference, mode, making.owned, name)

    return check


def _joined(kind: str, reference: str, mode: str, owned: Owned, name: str) -> str:
    found = owned.container(reference) if kind == "container" else None
    if found is None:
        rule = "foreign-container" if kind == "container" else "host-namespace"
        raise Denial(
            rule,
            f"{name}={mode} is closed to steps",
            "join only containers that this build's steps have created, or leave it out",
        )
    return f"container:{found}"


def _capabilities(value: Json, _: Making) -> Json:
    for capability in items(value):
        if text(capability).upper().removeprefix("CAP_") not in _DEFAULT_CAPS:
            raise Denial(
                "capabilities",
                f"the capability {capability} is closed to steps",
                "only those that the engine gives by default may be added (after --cap-drop)",
            )
    return value


def _security(value: Json, making: Making) -> Json:
    for option in items(value):
        if text(option).replace(":", "=") not in ("no-new-privileges", "no-new-privileges=true"):
            raise Denial("security-opt", f"--security-opt {option} is closed to steps", "leave it out")
    return ["no-new-privileges"] if making.owned.scope.no_new_privileges or value else []


def _sysctls(value: Json, _: Making) -> Json:
    for key in record(value):
        if not key.startswith("net."):
            raise Denial("sysctls", f"--sysctl {key} is closed to steps", "only net.* may be set")
    return value


def _log(value: Json, _: Making) -> Json:
    found = canonical(value, ("Type", "Config"))
    if text(found.get("Type")) not in ("", "none", "json-file", "local"):
        raise Denial("log-driver", f"the log driver {found['Type']} reaches out of the build", "leave it out")
    return found


def _volumes_from(value: Json, making: Making) -> Json:
    found: list[Json] = []
    for item in items(value):
        reference, colon, mode = text(item).partition(":")
        own = making.owned.container(reference)
        if own is None:
            raise Denial(
                "foreign-container",
                f"--volumes-from {reference}: no container of this build",
                "use a container that a step of this build has created",
            )
        found.append(own + colon + mode)
    return found


def _links(value: Json, making: Making) -> Json:
    found: list[Json] = []
    for item in items(value):
        reference, _, alias = text(item).partition(":")
        own = making.owned.container(reference.lstrip("/"))
        if own is None:
            raise Denial(
                "foreign-container",
                f"--link {reference}: no container of this build",
                "link only containers that a step of this build has created",
            )
        found.append(f"{own}:{alias or reference.lstrip('/')}")
    return found


def _host_config(value: Json, making: Making) -> Json:
    return dict(checked(value, _HOST, making, "HostConfig"))


def _networking(value: Json, making: Making) -> Json:
    return canonical(value, ("EndpointsConfig",))


def _network_mode(value: Json, making: Making) -> Json:
    return network(text(value), making.owned)


def _endpoints(config: Mapping[str, Json], making: Making) -> Json:
    """EndpointsConfig with real names, and an entry for the network mode's own network."""
    given = record(record(config.get("NetworkingConfig")).get("EndpointsConfig"))
    found: dict[str, Json] = {}
    for name, settings in given.items():
        real = "host" if name == "host" and making.may("host-namespace") else network(name, making.owned)
        user = real not in _BUILT_IN
        found[real] = endpoint(settings, making) if user else dict(checked(settings, _ENDPOINT, making, name))
    mode = text(record(config.get("HostConfig")).get("NetworkMode"))
    if mode not in (*_BUILT_IN, *found) and not mode.startswith("container:"):
        found[mode] = endpoint(None, making)
    return {"EndpointsConfig": found}


def _limits(host: Mapping[str, Json], making: Making) -> dict[str, Json]:
    scope = making.owned.scope
    changed: dict[str, Json] = {"MemorySwap": 0} if scope.memory_bytes is not None else {}
    for key, most in (("Memory", scope.memory_bytes), ("PidsLimit", scope.pids_limit)):
        asked = host.get(key)
        given = asked if isinstance(asked, int) and asked > 0 else None
        if most is not None:
            changed[key] = min(given, most) if given else most
    if scope.no_new_privileges and not (host.get("SecurityOpt") and making.may("security-opt")):
        changed["SecurityOpt"] = ["no-new-privileges"]
    return changed


IMAGE = words(
    "ArgsEscaped AttachStderr AttachStdin AttachStdout Cmd Domainname Entrypoint Env ExposedPorts"
    " Healthcheck Hostname Image Labels MacAddress NetworkDisabled OnBuild OpenStdin Shell StdinOnce"
    " StopSignal StopTimeout Tty User Volumes WorkingDir"
)
_CONFIG: Mapping[str, Check] = {
    **dict.fromkeys(IMAGE, keep),
    "HostConfig": _host_config,
    "NetworkingConfig": _networking,
}

_HOST: Mapping[str, Check] = {
    **dict.fromkeys(
        words(
            "AutoRemove BlkioWeight CapDrop ConsoleSize ContainerIDFile CpuCount CpuPercent CpuPeriod"
            " CpuQuota CpuShares CpusetCpus CpusetMems Dns DnsOptions DnsSearch ExtraHosts GroupAdd Init"
            " KernelMemory Memory MemoryReservation MemorySwap MemorySwappiness NanoCpus PidsLimit"
            " PortBindings PublishAllPorts ReadonlyRootfs RestartPolicy ShmSize Tmpfs Ulimits"
        ),
        keep,
    ),
    "Privileged": never(
        "privileged",
        "privileged containers are closed to steps",
        "run it without --privileged; a kernel feature that it needs cannot be had in a build",
    ),
    "CapAdd": _capabilities,
    "SecurityOpt": _security,
    "Sysctls": _sysctls,
    "LogConfig": _log,
    "Binds": binds,
    "Mounts": mounts,
    "VolumesFrom": _volumes_from,
    "Links": _links,
    "NetworkMode": _network_mode,
    "PidMode": _joinable("host-namespace", "PidMode", ""),
    "IpcMode": _joinable("host-namespace", "IpcMode", "", "private", "none", "shareable"),
    "UTSMode": one_of("host-namespace", "UTSMode", ""),
    "UsernsMode": one_of("host-namespace", "UsernsMode", ""),
    "CgroupnsMode": one_of("host-namespace", "CgroupnsMode", "", "private"),
    "Runtime": one_of("runtime", "Runtime", "", "runc"),
    "Isolation": one_of("isolation", "Isolation", "", "default"),
    "CgroupParent": never("cgroup-parent", "the cgroup parent is not a step's to choose"),
    "Cgroup": never("cgroup-parent", "the cgroup is not a step's to choose"),
    "Devices": never("devices", "the host's devices are closed to steps"),
    "DeviceRequests": never("devices", "the host's devices are closed to steps"),
    "DeviceCgroupRules": never("devices", "the host's devices are closed to steps"),
    "VolumeDriver": one_of("volume-driver", "VolumeDriver", "", "local"),
    "StorageOpt": never("storage-opt", "storage options are closed to steps"),
    "OomKillDisable": never("oom", "the kernel's memory killer stays on"),
    "OomScoreAdj": never("oom", "the kernel's memory killer treats all alike"),
    "MaskedPaths": unset("masked-paths", "/proc and /sys stay masked as the engine masks them"),
    "ReadonlyPaths": unset("masked-paths", "/proc and /sys stay read-only as the engine keeps them"),
    **dict.fromkeys(
        words(
            "BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps BlkioDeviceReadIOps"
            " BlkioDeviceWriteIOps"
        ),
        never("devices", "the host's devices are closed to steps"),
    ),
    **dict.fromkeys(
        words("CpuRealtimePeriod CpuRealtimeRuntime KernelMemoryTCP"),
        never("realtime", "real-time limits are closed to steps"),
    ),
}

_ENDPOINT: Mapping[str, Check] = {
    **dict.fromkeys(
        words(
            "Aliases IPAMConfig MacAddress NetworkID EndpointID Gateway IPAddress IPPrefixLen IPv6Gateway"
            " GlobalIPv6Address GlobalIPv6PrefixLen GwPriority DNSNames"
        ),
        keep,
    ),
    "Links": _links,
    "DriverOpts": never("network-driver", "a network driver's options are closed to steps"),
}
