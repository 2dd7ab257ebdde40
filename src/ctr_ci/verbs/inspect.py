"""Says what ships in an image: opens it wherever it is, weighs it, reports, and holds it to limits."""

from __future__ import annotations

import sys
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from ctr_ci.engine import Engine, connect
from ctr_ci.image import Breach, Limits, Weight, breaches, inspect, plain
from ctr_ci.problem import Exit, InputError, Problem
from ctr_ci.report.size_text import size_text
from ctr_ci.report.weight_html import weight_html
from ctr_ci.report.weight_json import weight_json
from ctr_ci.report.weight_text import weight_text
from ctr_ci.source import visible
from ctr_ci.verbs.inspect_ahead import ahead

CHUNK = 1 << 20
REGISTRY = "registry://"
FORMATS = ("text", "json", "html")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.verbs.publish_parts import Reach


@dataclass(frozen=True, slots=True)
class Output:
    """A report in `form`, to `path`, or to standard output."""

    form: str
    path: Path | None


@dataclass(frozen=True, slots=True)
class Request:
    """`image`: an engine's reference or ID, an archive, an OCI or unpacked `docker save` folder, "-",
    or `registry://REFERENCE`. `base`: an engine's reference; `which`: one of several images in an
    archive; `platform`: of several in a registry; `reach`: how that is reached. `tree`: how deep a tree
    of folders the text has, 0 for none."""

    image: str
    base: str | None
    which: str
    outputs: tuple[Output, ...]
    limits: Limits
    files: bool
    top: int
    engine: str | None
    color: bool
    width: int
    reach: Reach | None = None
    platform: str = ""
    tree: int = 0


def run(request: Request, environment: Mapping[str, str], out: TextIO) -> Exit:
    """Weighs and reports. NO where a limit is broken; raises InputError and WorldError."""
    weight = weigh(request, environment)
    broken = breaches(weight, request.limits, size_text)
    for output in request.outputs:
        text = _report(output.form, weight, broken, request, plain_text=output.path is not None)
        if output.path is None:
            out.write(text)
        else:
            _write(output.path, text)
    if all(output.form == "json" or output.path is not None for output in request.outputs):
        for breach in broken:
            print(f"over the limit: {visible(breach.text)}", file=sys.stderr)
    return Exit.NO if broken else Exit.DONE


def weigh(request: Request, environment: Mapping[str, str]) -> Weight:
    """The weight of the image that is asked for, from wherever it lies."""
    return open_weight(
        request.image,
        environment,
        base=request.base,
        which=request.which,
        engine_url=request.engine,
        reach=request.reach,
        platform=request.platform,
    )


def open_weight(
    image: str,
    environment: Mapping[str, str],
    *,
    base: str | None = None,
    which: str = "",
    engine_url: str | None = None,
    reach: Reach | None = None,
    platform: str = "",
) -> Weight:
    """The weight of an image, said as in `Request.image`."""
    remote = image.startswith(REGISTRY)
    path = Path(image)
    chunks: Iterator[bytes] | None = None
    if image == "-":
        chunks = _file(Path("/dev/stdin"))
    elif path.is_file():
        chunks = _file(path)
    elif path.is_dir() and any((path / name).is_file() for name in ("index.json", "manifest.json")):
        chunks = _folder(path)
    elif path.is_dir() and image.startswith((".", "/")):
        raise InputError(
            Problem(
                f"{image} is a folder, not an image",
                expected="an OCI layout (with index.json), an archive, or the name of an image",
            )
        )
    engine = connect(engine_url, environment) if (chunks is None and not remote) or base else None
    try:
        layers = _image_layers(engine, base) if engine and base else None
        if remote:
            from ctr_ci.verbs.inspect_registry import pulled

            return pulled(image.removeprefix(REGISTRY), reach, platform, layers)
        if chunks is not None:
            return inspect(plain(chunks), wanted=which, base=layers, where=image)
        assert engine is not None
        return _from_engine(engine, image, layers)
    finally:
        if engine is not None:
            engine.close()


def _from_engine(engine: Engine, reference: str, base: tuple[str, ...] | None) -> Weight:
    image = engine.image(reference)
    if image is None:
        raise InputError(
            Problem(
                f"no image {reference!r} in the engine, and no file or OCI folder of that name",
                expected="an image that is there: nothing is pulled",
                help="`docker images` lists them; build or pull it first, "
                f"give an archive, or registry://{reference} to read it there",
            )
        )
    chunks = ahead(engine.export(image.id))
    weight = inspect(chunks, engine_bytes=image.size_bytes, base=base, where=reference)
    return weight.called(image.names)


def _image_layers(engine: Engine, reference: str) -> tuple[str, ...]:
    image = engine.image(reference)
    if image is None:
        raise InputError(
            Problem(f"no image {reference!r} in the engine", expected="the base image of --base")
        )
    return image.layers


def _file(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise InputError(Problem(f"cannot read {path}: {error.strerror}")) from error


def _folder(folder: Path) -> Iterator[bytes]:
    """A folder as the archive that it would be: one way in for both."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            info = tarfile.TarInfo(path.relative_to(folder).as_posix())
            info.size = path.stat().st_size
            yield info.tobuf(tarfile.PAX_FORMAT)
            yield from _file(path)
            yield bytes(-info.size % tarfile.BLOCKSIZE)


def _report(
    form: str, weight: Weight, broken: tuple[Breach, ...], request: Request, *, plain_text: bool
) -> str:
    if form == "json":
        return weight_json(weight, broken, files=request.files)
    if form == "html":
        # A file's name may be no UTF-8: its bytes are then shown as escapes.
        return weight_html(weight, broken).encode("utf-8", "backslashreplace").decode("utf-8")
    color = request.color and not plain_text
    lines = weight_text(weight, broken, color=color, width=request.width, top=request.top, depth=request.tree)
    return "".join(f"{line}\n" for line in lines)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(Problem(f"cannot write {path}: {error.strerror}")) from error
