"""Archives as `docker save` writes them, made by hand: any order, cut off, lying, or right."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256

Entry = tuple[str, bytes | str]  # a file's bytes, or where a symlink leads


def layer(**files: bytes) -> bytes:
    """A layer's tar with these files at the root."""
    return tar(list(files.items()))


def tar(entries: list[Entry]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def digest(raw: bytes) -> str:
    return f"sha256:{sha256(raw).hexdigest()}"


@dataclass(slots=True)
class Saved:
    """An image of these layers; `entries` is its archive, to be tampered with by a test."""

    layers: list[bytes]
    command: str = "true"
    architecture: str = "amd64"
    history: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    config: bytes = b""
    created: str = ""
    labels: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.config = json.dumps(
            {
                "architecture": self.architecture,
                "os": "linux",
                "config": {"Cmd": [self.command], **({"Labels": self.labels} if self.labels else {})},
                **({"created": self.created} if self.created else {}),
                "history": [{"created_by": line} for line in self.history],
                "rootfs": {"type": "layers", "diff_ids": [digest(one) for one in self.layers]},
            }
        ).encode()
        paths: dict[bytes, str] = {}
        listed = []
        for at, one in enumerate(self.layers):
            folder = sha256(b"%d" % at + one).hexdigest()
            listed.append(f"{folder}/layer.tar")
            self.entries += [(f"{folder}/VERSION", b"1.0"), (f"{folder}/json", b'{"id":"x"}')]
            content: bytes | str = f"../{paths[one]}" if one in paths else one
            self.entries.append((f"{folder}/layer.tar", content))
            paths.setdefault(one, f"{folder}/layer.tar")
        name = f"{self.image_id[7:]}.json"
        self.entries.append((name, self.config))
        listing = [{"Config": name, "RepoTags": None, "Layers": listed}]
        self.entries.append(("manifest.json", json.dumps(listing).encode()))

    @property
    def image_id(self) -> str:
        return digest(self.config)

    @property
    def diff_ids(self) -> tuple[str, ...]:
        return tuple(digest(one) for one in self.layers)

    def archive(self) -> bytes:
        return tar(self.entries)

    def replace(self, name: str, content: bytes | str) -> None:
        """Another content for the entries whose name ends so."""
        assert any(path.endswith(name) for path, _ in self.entries)
        self.entries = [(path, content if path.endswith(name) else old) for path, old in self.entries]


def oci(saved: Saved) -> Iterator[tuple[str, bytes]]:
    """The same image as an OCI layout: gzip layers, an index above the manifest."""
    packed = [gzip.compress(one, mtime=0) for one in saved.layers]

    def described(raw: bytes, kind: str) -> dict[str, object]:
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": digest(raw), "size": len(raw)}

    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "config": described(saved.config, "config.v1+json"),
            "layers": [described(one, "layer.v1.tar+gzip") for one in packed],
        }
    ).encode()
    inner = json.dumps({"schemaVersion": 2, "manifests": [described(manifest, "manifest.v1+json")]}).encode()
    index = json.dumps({"schemaVersion": 2, "manifests": [described(inner, "index.v1+json")]}).encode()
    for raw in (manifest, inner, saved.config, *packed):
        yield f"blobs/sha256/{digest(raw)[7:]}", raw
    yield "oci-layout", b'{"imageLayoutVersion":"1.0.0"}'
    yield "index.json", index


def pieces(raw: bytes, size: int = 64 * 1024) -> Iterator[bytes]:
    for at in range(0, len(raw), size):
        yield raw[at : at + size]


@dataclass(slots=True)
class Shelf:
    """Stands where the publisher expects an engine: gives archives, and counts how often."""

    saved: dict[str, Saved] = field(default_factory=dict)
    exports: int = 0
    size: int = 64 * 1024
    cut: Callable[[bytes], bytes] = bytes
