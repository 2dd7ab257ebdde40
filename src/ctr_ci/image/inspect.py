"""An image's bytes → its `Weight`, each read once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from ctr_ci.image import archive, config, distribution, layers, secrets
from ctr_ci.image.archive import File
from ctr_ci.image.merge import merge
from ctr_ci.image.packages import databases
from ctr_ci.image.state import State
from ctr_ci.image.stream import Piece
from ctr_ci.image.weigh import weigh
from ctr_ci.image.weight import Weight
from ctr_ci.problem import InputError, Problem
from ctr_ci.value import replace


def inspect(
    chunks: Iterable[Piece],
    *,
    wanted: str = "",
    engine_bytes: int | None = None,
    base: Sequence[str] | None = None,
    where: str = "",
) -> Weight:
    """The weight of the image in a `docker save` or OCI archive; `wanted` names one of several,
    `where` is what problems call the archive.

    Raises InputError (Truncated where it is cut off). Memory: some 500 bytes a path, no content.
    """
    return _opened(chunks, wanted, engine_bytes, base, where)[0]


@dataclass(frozen=True, slots=True)
class Contents:
    """An image's `weight`, what a container of it sees (`state`), and the bytes of its config."""

    weight: Weight
    state: State
    config: bytes


def contents(chunks: Iterable[Piece], *, engine_bytes: int | None = None, where: str = "") -> Contents:
    """As `inspect`, with the finished filesystem beside the weight."""
    weight, parsed, read, raw = _opened(chunks, "", engine_bytes, None, where)
    return Contents(weight, State.of(parsed, read, merge(read)), raw)


def _opened(
    chunks: Iterable[Piece], wanted: str, engine_bytes: int | None, base: Sequence[str] | None, where: str
) -> tuple[Weight, config.Config, list[layers.Layer], bytes]:
    def each(_: File, blocks: Iterator[Piece]) -> layers.Layer:
        return layers.read(blocks, _keep)

    try:
        image = archive.read(chunks, each, wanted)
        parsed = config.parse(image.config)
        read = [layer.value for layer in image.layers]
        _check(parsed.diff_ids, read)
    except InputError as error:
        raise type(error)(*(replace(problem, path=where) for problem in error.problems)) from error
    weight = weigh(
        parsed,
        read,
        image_id=str(image.config_digest),
        names=image.names,
        engine_bytes=engine_bytes,
        base=base,
    )
    return replace(weight, distribution=distribution.find(read)), parsed, read, image.config


def inspect_layers(
    image_config: bytes,
    blobs: Iterable[Iterable[Piece]],
    *,
    names: tuple[str, ...] = (),
    base: Sequence[str] | None = None,
) -> Weight:
    """The weight of an image whose config and layers come one by one, as a registry sends them; base
    layer first. Raises InputError where a layer is not what the config says."""
    parsed = config.parse(image_config)
    read = [layers.read(blob, _keep, digest=True) for blob in blobs]
    _check(parsed.diff_ids, read)
    image_id = f"sha256:{sha256(image_config).hexdigest()}"
    weight = weigh(parsed, read, image_id=image_id, names=names, base=base)
    return replace(weight, distribution=distribution.find(read))


def _keep(path: str, size: int) -> Callable[[bytes], bytes] | None:
    return secrets.keep(path, size) or databases.keep(path, size) or distribution.keep(path, size)


def _check(diff_ids: Sequence[str], read: Sequence[layers.Layer]) -> None:
    if len(diff_ids) != len(read):
        raise InputError(
            Problem(f"{len(read)} layers for a config that lists {len(diff_ids)}", expected="as many")
        )
    for at, (told, layer) in enumerate(zip(diff_ids, read, strict=True), 1):
        if layer.diff_id and layer.diff_id != told:
            raise InputError(
                Problem(
                    f"the content of layer {at} has the digest {layer.diff_id}",
                    expected=f"{told}, as the image's config says",
                    help="the image was tampered with or damaged: do not use it; save or pull it again",
                )
            )
