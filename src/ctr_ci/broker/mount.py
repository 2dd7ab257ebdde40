"""What a container may mount: the build's own folders and volumes. Pure but for `Owned.place`, which looks
at the workspace."""

from __future__ import annotations

from collections.abc import Mapping

from ctr_ci.broker.body import Json, canonical, items, text
from ctr_ci.broker.name import is_name, words
from ctr_ci.broker.rules import Check, Making, checked, keep, labels
from ctr_ci.broker.verdict import Denial

SOCKETS = ("/var/run/docker.sock", "/run/docker.sock")
_BIND_OPTIONS = frozenset(words("ro rw z Z cached delegated consistent nocopy private rprivate slave rslave"))


def binds(value: Json, making: Making) -> Json:
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


def mounts(value: Json, making: Making) -> Json:
    return [_mount(item, making) for item in items(value)]


def _mount(value: Json, making: Making) -> Json:
    found = checked(value, _MOUNT, making, "Mount")
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


_MOUNT: Mapping[str, Check] = {
    **dict.fromkeys(words("Type Source Target ReadOnly Consistency TmpfsOptions"), keep),
    "BindOptions": _bind_options,
    "VolumeOptions": _volume_options,
}
