"""What a structure test's `metadataTest` asks, compared with an image's own settings. Pure."""

from __future__ import annotations

from collections.abc import Callable

from ctr_ci.engine import Image
from ctr_ci.gate.go_pattern import matches
from ctr_ci.gate.structure import MetadataTest, Pair


def metadata(image: Image, test: MetadataTest, config: Callable[[], dict[str, object]]) -> str:
    """ "" where the image is as asked, else what is not. `config` gives the image's own JSON."""
    env = dict(entry.partition("=")[::2] for entry in image.env)
    for kind, wanted, have in (("ENV", test.env, env), ("label", test.labels, dict(image.labels))):
        for pair in wanted:
            if pair.key not in have:
                return f"{kind} {pair.key} is not set"
            if not _is(pair, have[pair.key]):
                return f"{kind} {pair.key} is {have[pair.key]!r}, not {pair.value!r}"
    for name in test.unbound_env:
        if name in env:
            return f"ENV {name} is set"
    for name, argv, found in (
        ("CMD", test.command, image.command),
        ("ENTRYPOINT", test.entrypoint, image.entrypoint),
    ):
        if argv is not None and argv != found:
            return f"{name} is {list(found)}, not {list(argv)}"
    for name, word, said in (("WORKDIR", test.workdir, image.workdir), ("USER", test.user, image.user)):
        if word and word != said:
            return f"{name} is {said!r}, not {word!r}"
    if test.ports or test.no_ports or test.volumes or test.no_volumes:
        return _opened(test, config())
    return ""


def _opened(test: MetadataTest, config: dict[str, object]) -> str:
    inner = config.get("config")
    volumes = _keys(inner, "Volumes")
    ports = {each for port in _keys(inner, "ExposedPorts") for each in (port, port.partition("/")[0])}
    for asked, there, found, said in (
        (test.ports, True, ports, "port {} is not exposed"),
        (test.no_ports, False, ports, "port {} is exposed"),
        (test.volumes, True, volumes, "{} is no volume"),
        (test.no_volumes, False, volumes, "{} is a volume"),
    ):
        for each in asked:
            if (each in found) is not there:
                return said.format(each)
    return ""


def _keys(config: object, key: str) -> frozenset[str]:
    found = config.get(key) if isinstance(config, dict) else None
    return frozenset(found) if isinstance(found, dict) else frozenset()


def _is(pair: Pair, value: str) -> bool:
    return matches(pair.value, value) if pair.pattern else pair.value == value
