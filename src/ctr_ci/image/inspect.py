"""An archive's bytes → its `Weight`, in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ctr_ci.image import archive, config, layers
from ctr_ci.image.archive import File
from ctr_ci.image.packages import databases
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

    def each(_: File, blocks: Iterator[Piece]) -> layers.Layer:
        return layers.read(blocks, databases.keep)

    try:
        image = archive.read(chunks, each, wanted)
    except InputError as error:
        raise type(error)(*(replace(problem, path=where) for problem in error.problems)) from error
    for layer in image.layers:
        if layer.value.diff_id and layer.value.diff_id != str(layer.diff_id):
            raise InputError(
                Problem(
                    f"a layer whose content has the digest {layer.value.diff_id}",
                    expected=f"{layer.diff_id}, as the image's config says",
                )
            )
    return weigh(
        config.parse(image.config),
        [layer.value for layer in image.layers],
        image_id=str(image.config_digest),
        names=image.names,
        engine_bytes=engine_bytes,
        base=base,
    )
