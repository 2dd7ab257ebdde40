"""What earlier pushes found out, in a folder of small files: nothing there is secret, and nothing
is believed that the registry does not confirm.

Kept: layer content (diff ID) and packing → compressed digest; image ID → the manifest's bytes; a
layer's place in an engine's archive → its diff ID; a layer's plain size. Losing the folder costs
time only. Who can write there could name other blobs for a layer, which every engine refuses to
pull (it compares with the config's diff IDs), so the folder is the user's alone.
"""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path

from ctr_ci.oci import Descriptor, Digest, Manifest, Object, parse_manifest
from ctr_ci.problem import InputError


class Memory:
    """`folder` None remembers nothing. A file that cannot be read or written is as good as absent."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def packed(self, diff_id: Digest, packing: str) -> Descriptor | None:
        """The blob that this layer became when it was packed so."""
        raw = self._read("layer", f"{diff_id} {packing}")
        try:
            return Descriptor.read(Object.parse(raw, "a remembered layer")) if raw else None
        except InputError:
            return None

    def keep_packed(self, diff_id: Digest, packing: str, blob: Descriptor) -> None:
        self._write("layer", f"{diff_id} {packing}", json.dumps(blob.as_json()).encode())

    def manifest(self, image_id: Digest, form: str) -> Manifest | None:
        """The manifest that this image was pushed with, made in the same form; None where what is kept
        is another image's."""
        raw = self._read("manifest", f"{image_id} {form}")
        try:
            found = parse_manifest(raw) if raw else None
        except InputError:
            return None
        own = isinstance(found, Manifest) and image_id in (found.digest, found.config.digest)
        return found if isinstance(found, Manifest) and own else None

    def keep_manifest(self, image_id: Digest, form: str, manifest: Manifest) -> None:
        self._write("manifest", f"{image_id} {form}", manifest.raw)

    def place(self, name: str) -> Digest | None:
        """Which layer an archive of the engine keeps at the path `name`."""
        raw = self._read("place", name)
        try:
            return Digest.parse(raw.decode()) if raw else None
        except (InputError, UnicodeDecodeError):
            return None

    def keep_place(self, name: str, diff_id: Digest) -> None:
        self._write("place", name, str(diff_id).encode())

    def size(self, diff_id: Digest) -> int | None:
        """Bytes of the plain layer."""
        raw = self._read("size", str(diff_id))
        return int(raw) if raw.isdigit() else None

    def keep_size(self, diff_id: Digest, size_bytes: int) -> None:
        self._write("size", str(diff_id), b"%d" % size_bytes)

    def _path(self, kind: str, key: str) -> Path | None:
        return self._folder and self._folder / kind / sha256(key.encode()).hexdigest()[:40]

    def _read(self, kind: str, key: str) -> bytes:
        path = self._path(kind, key)
        try:
            return path.read_bytes() if path else b""
        except OSError:
            return b""

    def _write(self, kind: str, key: str, content: bytes) -> None:
        path = self._path(kind, key)
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            for folder in (path.parent.parent, path.parent):
                folder.chmod(0o700)
            aside = path.with_name(f"{path.name}.{os.getpid()}")
            aside.write_bytes(content)
            aside.replace(path)
        except OSError:
            return
