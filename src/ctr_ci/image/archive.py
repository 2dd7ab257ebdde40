"""An exported image read in one pass: `docker save` of any age, and OCI layouts in a tar.

The names of layers come last in such a stream (`manifest.json`), so whoever reads it meets layers
that nobody has named yet. `read` hands each of them on as it passes by, hashes it on the way, and
sorts out at the end what was what. Memory: one chunk and the JSON documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from posixpath import dirname, join, normpath
from typing import Generic, TypeVar

from ctr_ci.image import tar
from ctr_ci.image.stream import Piece, Stream
from ctr_ci.oci import LARGEST, Digest, Index, Object, media, parse_manifest
from ctr_ci.problem import InputError, Problem

T = TypeVar("T")
DOCUMENTS = 64 << 20  # bytes of JSON kept of one archive
COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")


@dataclass(frozen=True, slots=True)
class File:
    """A file of the archive that may be a layer: its path there and its size in bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Layer(Generic[T]):
    """A layer: what its content is called (`diff_id`), the digest and size of its bytes in the
    archive (the same digest where they are not compressed; None where nobody wanted to know), and
    what `each` made of them."""

    diff_id: Digest
    digest: Digest | None
    size: int
    compressed: bool
    value: T


@dataclass(frozen=True, slots=True)
class Image(Generic[T]):
    """One image of an archive; layers base first. `roots` are the manifests and indexes that lead
    to it in an OCI layout, outermost first (the containerd store calls the image by the first);
    `documents` all JSON blobs of the layout."""

    config: bytes
    layers: tuple[Layer[T], ...]
    names: tuple[str, ...]
    roots: tuple[bytes, ...] = ()
    documents: tuple[bytes, ...] = ()

    @property
    def config_digest(self) -> Digest:
        return Digest.of(self.config)


@dataclass(frozen=True, slots=True)
class _Seen(Generic[T]):
    digest: Digest | None
    size: int
    compressed: bool
    value: T


@dataclass(frozen=True, slots=True)
class _Named:
    """What an archive says an image consists of: paths inside it."""

    config: str
    layers: tuple[str, ...]
    names: tuple[str, ...] = ()


class Passing(Iterator[Piece]):
    """The blocks of one file as they pass by; `digest` is of what has passed so far."""

    __slots__ = ("_pieces", "_running", "forgone", "head")

    def __init__(self, pieces: Iterator[Piece]) -> None:
        self._pieces = pieces
        self._running = sha256()
        self.head = b""
        self.forgone = False

    def __next__(self) -> Piece:
        piece = next(self._pieces)
        self._running.update(piece)
        self.head = self.head or bytes(piece[:4])
        return piece

    def digest(self) -> Digest:
        return Digest("sha256", self._running.hexdigest())

    def forgo(self) -> None:
        """Nobody wants these bytes: they pass unhashed, and the archive's own word for which layer
        they are stands unproven."""
        self.forgone = True
        for piece in self._pieces:
            self.head = self.head or bytes(piece[:4])


Each = Callable[[File, Passing], T]


def read(chunks: Iterable[Piece], each: Each[T], wanted: str = "") -> Image[T]:
    """The image of a stream; `wanted` is its ID or a name, needed where there are several.

    `each` gets every file that may be a layer, as it comes by; what it leaves unread is skipped,
    hashed all the same unless it has forgone that. Its blocks are good until the next is asked for.
    Raises InputError where the archive is cut off, is no image, or holds other bytes than it says.
    """
    stream = Stream(chunks)
    documents: dict[str, bytes] = {}
    links: dict[str, str] = {}
    seen: dict[str, _Seen[T]] = {}
    for member in tar.members(stream):
        if member.kind in (tar.SYMLINK, tar.HARD_LINK):
            base = "" if member.kind == tar.HARD_LINK else dirname(member.name)
            links[member.name] = normpath(join(base, member.link))
        elif member.kind == tar.FILE:
            if member.stored <= LARGEST and stream.peek(1) in (b"{", b"["):
                documents[member.name] = _checked(member.name, stream.take(member.stored))
                if sum(map(len, documents.values())) > DOCUMENTS:
                    raise InputError(Problem("the archive holds over 64 MiB of JSON", expected="one image"))
            elif member.stored > LARGEST or not member.name.endswith(("VERSION", ".json", "repositories")):
                seen[member.name] = _hashed(member.name, member.stored, stream.pieces(member.stored), each)
    for _ in stream.rest():
        pass  # an engine that is not read to the end keeps its copy of the image
    named = _named(documents, wanted)
    config = _document(documents, named.config)
    diff_ids = Object.parse(config, "the image's config").child("rootfs").texts("diff_ids")
    if len(diff_ids) != len(named.layers):
        raise InputError(
            Problem(
                f"an archive that lists {len(named.layers)} layers for a config of {len(diff_ids)}",
                expected="the same number",
            )
        )
    layers = []
    for diff_id, name in zip(map(Digest.parse, diff_ids), named.layers, strict=True):
        path = _follow(links, name)
        if path in documents and path not in seen:  # a layer may begin like JSON
            raw = documents[path]
            seen[path] = _hashed(path, len(raw), iter((raw,)), each)
        found = seen.get(path)
        if found is None:
            raise InputError(
                Problem(f"the archive lacks layer {name}", help="it was cut off, or is not whole")
            )
        if not found.compressed and found.digest not in (None, diff_id):
            raise InputError(
                Problem(
                    f"layer {name} of the archive has the digest {found.digest}",
                    expected=f"{diff_id}, as the image's config says",
                )
            )
        layers.append(Layer(diff_id, found.digest, found.size, found.compressed, found.value))
    blobs = tuple(raw for name, raw in documents.items() if name.startswith("blobs/"))
    return Image(config, tuple(layers), named.names, _roots(documents, Digest.of(config)), blobs)


def _hashed(name: str, size: int, pieces: Iterator[Piece], each: Each[T]) -> _Seen[T]:
    passing = Passing(pieces)
    made = each(File(name, size), passing)
    for _ in passing:
        pass
    digest = None if passing.forgone else passing.digest()
    return _Seen(digest, size, passing.head.startswith(COMPRESSED), made)


def _named(documents: dict[str, bytes], wanted: str) -> _Named:
    if "manifest.json" in documents:
        listing = Object.parse(b'{"images":' + documents["manifest.json"] + b"}", "manifest.json")
        images = tuple(
            _Named(one.text("Config"), one.texts("Layers"), one.texts("RepoTags"))
            for one in listing.children("images")
        )
        return _choose(documents, images, wanted)
    if "index.json" in documents:
        return _choose(documents, tuple(_oci(documents, documents["index.json"], "index.json")), wanted)
    raise InputError(
        Problem("an archive without manifest.json or index.json", expected="the output of `docker save`")
    )


def _choose(documents: dict[str, bytes], images: tuple[_Named, ...], wanted: str) -> _Named:
    """The one image that has the ID or name `wanted`; an ID may be of its config, manifest or index."""
    if wanted.startswith("sha256:"):
        images = tuple(
            image for image in images if wanted[7:] in image.config or _leads(documents, image, wanted)
        )
    elif wanted:
        images = tuple(image for image in images if wanted in image.config or wanted in image.names)
    if len(images) != 1:
        raise InputError(
            Problem(
                f"an archive with {len(images)} images" + (f" that are {wanted}" if wanted else ""),
                expected="one image",
                help="save one image alone, or say which",
            )
        )
    return images[0]


def _leads(documents: dict[str, bytes], image: _Named, wanted: str) -> bool:
    config = documents.get(image.config)
    return config is not None and any(
        str(Digest.of(root)) == wanted for root in _roots(documents, Digest.of(config))
    )


def _oci(documents: dict[str, bytes], raw: bytes, where: str) -> Iterator[_Named]:
    """The images of an OCI index; entries without a platform of their own (attestations) left out."""
    for entry in Object.parse(raw, where).children("manifests"):
        path = _blob(Digest.parse(entry.text("digest")))
        notes = dict(entry.pairs("annotations"))
        if path not in documents or "vnd.docker.reference.type" in notes:
            continue
        found = parse_manifest(documents[path])
        if isinstance(found, Index):
            yield from _oci(documents, documents[path], path)
        elif found.config.media_type in (media.OCI_CONFIG, media.DOCKER_CONFIG):
            name = notes.get("io.containerd.image.name", notes.get("org.opencontainers.image.ref.name", ""))
            layers = tuple(_blob(layer.digest) for layer in found.layers)
            yield _Named(_blob(found.config.digest), layers, (name,) if name else ())


def _roots(documents: dict[str, bytes], config: Digest) -> tuple[bytes, ...]:
    """The way from `index.json` to the manifest of `config`; () outside OCI layouts."""

    def way(raw: bytes) -> tuple[bytes, ...]:
        for entry in Object.parse(raw, "an index").children("manifests"):
            below = documents.get(_blob(Digest.parse(entry.text("digest"))))
            if below is None:
                continue
            found = parse_manifest(below)
            if isinstance(found, Index):
                if rest := way(below):
                    return (below, *rest)
            elif found.config.digest == config:
                return (below,)
        return ()

    return way(documents["index.json"]) if "index.json" in documents else ()


def _blob(digest: Digest) -> str:
    return f"blobs/{digest.algorithm}/{digest.hex}"


def _document(documents: dict[str, bytes], name: str) -> bytes:
    if name not in documents:
        raise InputError(Problem(f"the archive lacks {name}", help="it was cut off, or is not whole"))
    return documents[name]


def _checked(name: str, raw: bytes) -> bytes:
    if name.startswith("blobs/") and name != _blob(Digest.of(raw)) and "/sha256/" in name:
        raise InputError(
            Problem(f"{name} of the archive has the digest {Digest.of(raw)}", expected="its name's")
        )
    return raw


def _follow(links: dict[str, str], name: str) -> str:
    """The path that `name` leads to: a repeated layer is a symlink to the first."""
    for _ in range(40):
        if name not in links:
            break
        name = links[name]
    return name
