"""The JSON of the Engine API on one side, our nouns on the other. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ctr_ci.engine.api import BUILD_LABEL, OWNER_LABEL, Bind, ContainerSpec, Image, Owned


def container(spec: ContainerSpec) -> dict[str, object]:
    """The body of `POST /containers/create`. Output goes to whoever is attached and nowhere else
    (log driver `none`): three times as fast, and nothing of it stays on the engine's disk."""
    host: dict[str, object] = {
        "NetworkMode": spec.network,
        "LogConfig": {"Type": "none", "Config": {}},
        "Mounts": [_mount(bind) for bind in spec.binds],
        "SecurityOpt": ["no-new-privileges:true"] if spec.no_new_privileges else [],
    }
    if spec.hosts:
        host["ExtraHosts"] = [f"{name}:{address}" for name, address in spec.hosts]
    if spec.pids_limit is not None:
        host["PidsLimit"] = spec.pids_limit
    if spec.memory_bytes is not None:
        host["Memory"] = host["MemorySwap"] = spec.memory_bytes
    if spec.privileged:
        host["Privileged"] = True
    if spec.capabilities:
        host["CapAdd"] = list(spec.capabilities)
    made: dict[str, object] = {
        "Image": spec.image,
        "Labels": dict(spec.labels),
        "Env": [f"{name}={value}" for name, value in spec.env],
        "AttachStdin": spec.terminal,
        "OpenStdin": spec.terminal,
        "StdinOnce": spec.terminal,
        "AttachStdout": True,
        "AttachStderr": True,
        "Tty": spec.terminal,
        "HostConfig": host,
    }
    if spec.entrypoint is not None:
        made["Entrypoint"] = list(spec.entrypoint)
    if spec.command is not None:
        made["Cmd"] = list(spec.command)
    if spec.workdir is not None:
        made["WorkingDir"] = spec.workdir
    if spec.user is not None:
        made["User"] = spec.user
    if not spec.healthcheck:
        made["Healthcheck"] = {"Test": ["NONE"]}
    if spec.aliases:
        made["NetworkingConfig"] = {"EndpointsConfig": {spec.network: {"Aliases": list(spec.aliases)}}}
    return made


def committed() -> dict[str, object]:
    """The body of `POST /commit`. An image gets its container's labels: ours say whose the container is,
    and nothing of what comes of the image."""
    return {"Labels": dict.fromkeys((BUILD_LABEL, OWNER_LABEL), "")}


def _mount(bind: Bind) -> dict[str, object]:
    kind = "bind" if bind.source.startswith("/") else "volume"
    return {"Type": kind, "Source": bind.source, "Target": bind.target, "ReadOnly": bind.read_only}


def image(answer: Mapping[str, object]) -> Image:
    """An `Image` from `GET /images/{name}/json`."""
    config = _mapping(answer.get("Config"))
    names = [*_texts(answer.get("RepoTags")), *_texts(answer.get("RepoDigests"))]
    size = answer.get("Size")
    return Image(
        id=str(answer["Id"]),
        names=tuple(name for name in names if not name.startswith("<none>")),
        layers=_texts(_mapping(answer.get("RootFS")).get("Layers")),
        size_bytes=size if isinstance(size, int) else 0,
        user=str(config.get("User") or ""),
        entrypoint=_texts(config.get("Entrypoint")),
        command=_texts(config.get("Cmd")),
        workdir=str(config.get("WorkingDir") or ""),
        env=_texts(config.get("Env")),
        labels=tuple(sorted((str(k), str(v)) for k, v in _mapping(config.get("Labels")).items())),
        os=str(answer.get("Os") or ""),
        architecture=str(answer.get("Architecture") or ""),
        created=str(answer.get("Created") or ""),
    )


def owned(kind: str, entries: object) -> tuple[Owned, ...]:
    """What of a listing (containers, networks or volumes) carries our labels."""
    found = []
    for entry in entries if isinstance(entries, list) else []:
        labels = _mapping(_mapping(entry).get("Labels"))
        if BUILD_LABEL in labels:
            key = "Name" if kind == "volume" else "Id"
            build, owner = str(labels[BUILD_LABEL]), str(labels.get(OWNER_LABEL, ""))
            found.append(Owned(kind, str(entry[key]), build, owner, str(entry.get("ImageID") or "")))
    return tuple(found)


def oom_killed(answer: Mapping[str, object]) -> bool:
    """From `GET /containers/{id}/json`."""
    return _mapping(answer.get("State")).get("OOMKilled") is True


def pid(answer: Mapping[str, object]) -> int:
    """From `GET /containers/{id}/json`."""
    found = _mapping(answer.get("State")).get("Pid")
    return found if isinstance(found, int) else 0


def health(answer: Mapping[str, object]) -> str:
    """From `GET /containers/{id}/json`."""
    return str(_mapping(_mapping(answer.get("State")).get("Health")).get("Status") or "none")


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(item) for item in value) if isinstance(value, Sequence) else ()
