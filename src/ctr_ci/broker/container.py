"""`POST /containers/create`: which containers a step may have. One table a structure; a key that no
table knows is refused unless it is empty. Pure but for `Owned.place`, which looks at the workspace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ctr_ci.broker.body import Json, canonical, items, record, text
from ctr_ci.broker.name import is_name, words
from ctr_ci.broker.scope import GRANTABLE
from ctr_ci.broker.verdict import Denial, Owned
from ctr_ci.engine import BUILD_LABEL, OWNER_LABEL

BROKER_LABEL = "ctr-ci.broker"  # the step: on what steps made, not on what the runner made
SOCKETS = ("/var/run/docker.sock", "/run/docker.sock")
_OURS = "ctr-ci."
_DEFAULT_CAPS = frozenset(
    words(
        "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID"
        " SETPCAP SETUID SYS_CHROOT"
    )
)
_BUILT_IN = ("", "default", "bridge", "none", "host")
_BIND_OPTIONS = frozenset(words("ro rw z Z cached delegated consistent nocopy private rprivate slave rslave"))


@dataclass(slots=True)
class Making:
    """One container in the making: whose, and the volumes that must exist before it."""

    owned: Owned
    name: str
    volumes: list[str] = field(default_factory=list)

    def may(self, rule: str) -> bool:
        """Has the user granted this step to break a rule?"""
        return rule in GRANTABLE and (self.owned.step, rule) in self.owned.scope.grants


Check = Callable[[Json, Making], Json]


def container(body: Json, making: Making) -> Json:
    """The body to send on for a container called `making.name` ("" for none). Raises Denial."""
    config = _checked(body, _CONFIG, making, "Config")
    host = record(config.get("HostConfig"))
    config["HostConfig"] = host | _limits(host, making)
    config["Labels"] = labels(config.get("Labels"), making.owned)
    config["NetworkingConfig"] = _endpoints(config, making)
    return config


def labels(value: Json, owned: Owned) -> dict[str, Json]:
    """The user's labels and ours; nobody else sets ours."""
    kept = {key: item for key, item in record(value).items() if not key.startswith(_OURS)}
    scope = owned.scope
    ours = dict(scope.labels) | {BUILD_LABEL: scope.build_id, OWNER_LABEL: scope.owner}
    return kept | ours | {BROKER_LABEL: str(owned.step)}


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
    found = _checked(value, _ENDPOINT, making, "EndpointSettings")
    aliases = items(found.get("Aliases"))
    if making.name and making.name not in aliases:
        aliases = [*aliases, making.name]
    if aliases:
        found["Aliases"] = aliases
    return found


def _checked(value: Json, table: Mapping[str, Check], making: Making, where: str) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, item in canonical(value, table).items():
        check = table.get(key)
        if check is not None:
            try:
                found[key] = check(item, making)
            except Denial as denial:
                if not making.may(denial.rule):
                    raise
                found[key] = item
        elif item:
            raise Denial("unknown-field", f"{where}.{key} is not known to be harmless", "leave it out")
    return found


def _keep(value: Json, _: Making) -> Json:
    return value


def _never(rule: str, why: str, way_out: str = "leave it out") -> Check:
    def check(value: Json, _: Making) -> Json:
        if value:
            raise Denial(rule, why, way_out)
        return value

    return check


def _one_of(rule: str, name: str, *allowed: str) -> Check:
    def check(value: Json, _: Making) -> Json:
        if text(value) not in allowed:
            shown = ", ".join(word for word in allowed if word)
            raise Denial(rule, f"{name}={value} is closed to steps", f"use one of: {shown}, or leave it out")
        return value

    return check


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


def _unset(rule: str, why: str) -> Check:
    def check(value: Json, _: Making) -> Json:
        if value is not None:
            raise Denial(rule, why, "leave it out")
        return None

    return check


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


def _binds(value: Json, making: Making) -> Json:
    return [_bind(text(item), making) for item in items(value)]


def _bind(bind: str, making: Making) -> str:
    source, colon, rest = bind.partition(":")
    if not colon:
        return bind  # an anonymous volume at this path
    target, colon, options = rest.partition(":")
    for option in options.split(",") if colon else ():
        if option not in _BIND_OPTIONS:
            raise Denial(
                "mount-option", f"-v {bind}: the option {option!r} is closed to steps", "leave it out"
            )
    if not source.startswith("/"):
        return ":".join([_volume(source, making), target] + ([options] if options else []))
    place = _path(source, making, create=True)
    if not place.startswith("/"):  # a volume stands for the path: it is to look as a bind does
        kept = [option for option in options.split(",") if option in ("ro", "rw", "z", "Z")]
        options = ",".join([*kept, "nocopy"])
    return ":".join([place, target] + ([options] if options else []))


def _path(source: str, making: Making, create: bool) -> str:
    place = making.owned.place(source, create)
    if place is None and making.may("host-path"):
        return source
    if place is None or ":" in place:
        raise Denial(
            "host-path",
            f"{source} of the host is closed to steps",
            "mount only what lies below /workspace, /builder/home or a declared volume",
        )
    return place


def _volume(name: str, making: Making) -> str:
    """The real name of a volume; a new one is made first, so that it carries our labels."""
    if not is_name(name):
        raise Denial("volume-name", f"{name!r} is neither an absolute path nor a volume's name", "rename it")
    found = making.owned.volume(name)
    if found is None:
        making.volumes.append(name)
        return name + making.owned.suffix
    return found


def _mounts(value: Json, making: Making) -> Json:
    return [_mount(item, making) for item in items(value)]


def _mount(value: Json, making: Making) -> Json:
    found = _checked(value, _MOUNT, making, "Mount")
    kind, source = text(found.get("Type")), text(found.get("Source"))
    if kind == "bind":
        found["Source"] = place = _path(source, making, create=False)
        if not place.startswith("/"):
            found |= {"Type": "volume", "VolumeOptions": {"NoCopy": True}}
            found.pop("BindOptions", None)
    elif kind == "volume":
        if source:
            found["Source"] = _volume(source, making)
    elif kind != "tmpfs":
        raise Denial(
            "mount-type", f"a mount of type {kind!r} is closed to steps", "use bind, volume or tmpfs"
        )
    return found


def _bind_options(value: Json, _: Making) -> Json:
    found = canonical(value, ("Propagation", "NonRecursive", "CreateMountpoint", "ReadOnlyNonRecursive"))
    if text(found.get("Propagation")) not in ("", "private", "rprivate", "slave", "rslave"):
        raise Denial("mount-option", "shared mount propagation is closed to steps", "leave it out")
    return {key: item for key, item in found.items() if key != "CreateMountpoint"}


def _volume_options(value: Json, making: Making) -> Json:
    found = canonical(value, ("NoCopy", "Labels", "DriverConfig", "Subpath"))
    _plain_driver(found.pop("DriverConfig", None), making)
    if found.get("Subpath"):
        raise Denial("mount-option", "a volume's subpath is closed to steps", "mount the whole volume")
    return found | {"Labels": labels(found.get("Labels"), making.owned)}


def _plain_driver(value: Json, _: Making) -> None:
    found = canonical(value, ("Name", "Options"))
    if text(found.get("Name")) not in ("", "local") or found.get("Options"):
        raise Denial(
            "volume-driver", "volume drivers and their options are closed to steps", "leave them out"
        )


def _host_config(value: Json, making: Making) -> Json:
    return dict(_checked(value, _HOST, making, "HostConfig"))


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
        found[real] = (
            endpoint(settings, making) if user else dict(_checked(settings, _ENDPOINT, making, name))
        )
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


_CONFIG: Mapping[str, Check] = {
    **dict.fromkeys(
        words(
            "ArgsEscaped AttachStderr AttachStdin AttachStdout Cmd Domainname Entrypoint Env ExposedPorts"
            " Healthcheck Hostname Image Labels MacAddress NetworkDisabled OnBuild OpenStdin Shell StdinOnce"
            " StopSignal StopTimeout Tty User Volumes WorkingDir"
        ),
        _keep,
    ),
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
        _keep,
    ),
    "Privileged": _never(
        "privileged",
        "privileged containers are closed to steps",
        "run it without --privileged; a kernel feature that it needs cannot be had in a build",
    ),
    "CapAdd": _capabilities,
    "SecurityOpt": _security,
    "Sysctls": _sysctls,
    "LogConfig": _log,
    "Binds": _binds,
    "Mounts": _mounts,
    "VolumesFrom": _volumes_from,
    "Links": _links,
    "NetworkMode": _network_mode,
    "PidMode": _joinable("host-namespace", "PidMode", ""),
    "IpcMode": _joinable("host-namespace", "IpcMode", "", "private", "none", "shareable"),
    "UTSMode": _one_of("host-namespace", "UTSMode", ""),
    "UsernsMode": _one_of("host-namespace", "UsernsMode", ""),
    "CgroupnsMode": _one_of("host-namespace", "CgroupnsMode", "", "private"),
    "Runtime": _one_of("runtime", "Runtime", "", "runc"),
    "Isolation": _one_of("isolation", "Isolation", "", "default"),
    "CgroupParent": _never("cgroup-parent", "the cgroup parent is not a step's to choose"),
    "Cgroup": _never("cgroup-parent", "the cgroup is not a step's to choose"),
    "Devices": _never("devices", "the host's devices are closed to steps"),
    "DeviceRequests": _never("devices", "the host's devices are closed to steps"),
    "DeviceCgroupRules": _never("devices", "the host's devices are closed to steps"),
    "VolumeDriver": _one_of("volume-driver", "VolumeDriver", "", "local"),
    "StorageOpt": _never("storage-opt", "storage options are closed to steps"),
    "OomKillDisable": _never("oom", "the kernel's memory killer stays on"),
    "OomScoreAdj": _never("oom", "the kernel's memory killer treats all alike"),
    "MaskedPaths": _unset("masked-paths", "/proc and /sys stay masked as the engine masks them"),
    "ReadonlyPaths": _unset("masked-paths", "/proc and /sys stay read-only as the engine keeps them"),
    **dict.fromkeys(
        words(
            "BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps BlkioDeviceReadIOps"
            " BlkioDeviceWriteIOps"
        ),
        _never("devices", "the host's devices are closed to steps"),
    ),
    **dict.fromkeys(
        words("CpuRealtimePeriod CpuRealtimeRuntime KernelMemoryTCP"),
        _never("realtime", "real-time limits are closed to steps"),
    ),
}

_ENDPOINT: Mapping[str, Check] = {
    **dict.fromkeys(
        words(
            "Aliases IPAMConfig MacAddress NetworkID EndpointID Gateway IPAddress IPPrefixLen IPv6Gateway"
            " GlobalIPv6Address GlobalIPv6PrefixLen GwPriority DNSNames"
        ),
        _keep,
    ),
    "Links": _links,
    "DriverOpts": _never("network-driver", "a network driver's options are closed to steps"),
}

_MOUNT: Mapping[str, Check] = {
    **dict.fromkeys(words("Type Source Target ReadOnly Consistency TmpfsOptions"), _keep),
    "BindOptions": _bind_options,
    "VolumeOptions": _volume_options,
}
