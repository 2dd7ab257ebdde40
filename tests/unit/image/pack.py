"""Small layers and images made in memory, for tests of the readers."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

from ctr_ci.image import Weight, inspect
from ctr_ci.image.layers import Layer, read
from ctr_ci.image.merge import Merged, merge
from ctr_ci.image.packages import databases

Content = bytes | str | tarfile.TarInfo | None


def link(target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo()
    info.type, info.linkname = tarfile.SYMTYPE, target
    return info


def hard(target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo()
    info.type, info.linkname = tarfile.LNKTYPE, target
    return info


def pack(entries: Mapping[str, Content] | Sequence[tuple[str, Content]], mode: int = 0o644) -> bytes:
    """A tar: bytes and text are files, None a folder, a TarInfo itself under the name."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in entries.items() if isinstance(entries, Mapping) else entries:
            if isinstance(content, tarfile.TarInfo):
                info, raw = content, b""
                info.name = name
            else:
                info = tarfile.TarInfo(name)
                raw = content.encode() if isinstance(content, str) else content or b""
                info.size, info.mode = len(raw), mode
                if content is None:
                    info.type, info.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(info, io.BytesIO(raw))
    return packed.getvalue()


def cut(raw: bytes, step: int = 1000) -> Iterator[bytes]:
    """The bytes in pieces that fit nothing."""
    for at in range(0, len(raw), step):
        yield raw[at : at + step]


def layer(entries: Mapping[str, Content] | Sequence[tuple[str, Content]]) -> Layer:
    return read(cut(pack(entries)), databases.keep)


def merged(*layers: Mapping[str, Content]) -> Merged:
    return merge([layer(each) for each in layers])


def archive(
    layers: Sequence[bytes],
    history: Sequence[dict[str, object]] = (),
    config: Mapping[str, object] | None = None,
) -> bytes:
    """A `docker save` archive of plain layer tars; layers before the names, as engines send them."""
    made = {
        "os": "linux",
        "architecture": "amd64",
        "config": dict(config or {}),
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha256(raw).hexdigest()}" for raw in layers]},
        "history": list(history),
    }
    raw = json.dumps(made).encode()
    names = [f"{index}/layer.tar" for index in range(len(layers))]
    listing = [{"Config": f"{sha256(raw).hexdigest()}.json", "RepoTags": ["app:1"], "Layers": names}]
    return pack(
        [
            *zip(names, layers, strict=True),
            (listing[0]["Config"], raw),  # type: ignore[list-item]
            ("manifest.json", json.dumps(listing)),
        ]
    )


def weigh(
    *layers: Mapping[str, Content],
    history: Sequence[dict[str, object]] = (),
    config: Mapping[str, object] | None = None,
    mode: int = 0o644,
) -> Weight:
    return inspect(cut(archive([pack(each, mode) for each in layers], history, config), 1 << 16))


def shares(weight: Weight) -> dict[str, str]:
    """Path → share of everything that shows."""
    return {item.path: item.share.value for item in weight.items if not item.how}
