"""An image weighs the same wherever it lies, and to the byte what its engine says."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
import zstandard

from engine.twins import context
from testbed import api
from testbed.images import LABEL

DOCKERFILE = """\
FROM busybox
RUN mkdir -p /data/deep && cd /data && echo one >deep/a && echo two >b && ln -s b link && ln b hard
RUN rm -r /data/deep && chmod 700 /data/b /bin/busybox && ln -s nowhere /data/dangling
COPY big.txt /big.txt
RUN mkdir /data/deep && echo new >/data/deep/c && rm /big.txt && rm /bin/zcat
CMD ["true"]
"""
FILES = {"Dockerfile": DOCKERFILE, "big.txt": "line\n" * 20_000}


@pytest.fixture(scope="module")
def classic(engine_socket: str, busybox: str) -> Iterator[str]:
    name = "ctr-ci.test/inspect-classic:latest"
    api.build_image(engine_socket, name, context(FILES), {LABEL: "inspect"})
    yield name
    api.untag(engine_socket, name)


@pytest.fixture(scope="module")
def buildkit(engine_socket: str, busybox: str) -> Iterator[str]:
    name = "ctr-ci.test/inspect-buildkit:latest"
    subprocess.run(
        ["docker", "-H", f"unix://{engine_socket}", "build", "-q", "-t", name, "-"],
        input=context(FILES),
        env={**os.environ, "DOCKER_BUILDKIT": "1", "PATH": f"/usr/bin:{os.environ['PATH']}"},
        capture_output=True,
        check=True,
    )
    yield name
    api.untag(engine_socket, name)


def inspect(
    engine_socket: str, *arguments: str, stdin: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "ctr_ci", "inspect", *arguments],
        capture_output=True,
        input=stdin if stdin is not None else b"",
        env={**os.environ, "DOCKER_HOST": f"unix://{engine_socket}"},
        timeout=120,
        check=False,
    )


def report(engine_socket: str, *arguments: str, stdin: bytes | None = None) -> dict[str, object]:
    done = inspect(engine_socket, *arguments, "--format", "json", "--files", stdin=stdin)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def of(found: dict[str, object], *keys: str) -> object:
    value: object = found
    for key in keys:
        assert isinstance(value, dict)
        value = value[key]
    return value


def saved(engine_socket: str, name: str) -> bytes:
    return api.call(engine_socket, "GET", f"/images/{name}/get")


@pytest.mark.parametrize("built", ["classic", "buildkit", "busybox"])
def test_the_size_is_the_engines_to_the_byte(
    built: str, engine_socket: str, request: pytest.FixtureRequest
) -> None:
    name = str(request.getfixturevalue(built))
    found = report(engine_socket, name)
    told = json.loads(api.call(engine_socket, "GET", f"/images/{name}/json"))
    assert of(found, "image", "size") == told["Size"]
    assert of(found, "image", "id") == told["Id"]
    layers = of(found, "layers")
    assert isinstance(layers, list)
    assert sum(layer["size"] for layer in layers) == told["Size"]
    assert [layer["diff_id"] for layer in layers] == told["RootFS"]["Layers"]


def test_layers_carry_the_engines_own_history(engine_socket: str, classic: str) -> None:
    layers = of(report(engine_socket, classic), "layers")
    assert isinstance(layers, list)
    assert [str(layer["instruction"]).split()[0] for layer in layers] == [
        "Imported",
        "RUN",
        "RUN",
        "COPY",
        "RUN",
    ]
    assert [layer["base"] for layer in layers] == [True, False, False, False, False]
    history = json.loads(api.call(engine_socket, "GET", f"/images/{classic}/history"))
    told = [entry["Size"] for entry in reversed(history)]
    assert [layer["size"] for layer in layers] == told[: len(layers)]
    assert not any(told[len(layers) :])


@pytest.mark.parametrize("built", ["classic", "buildkit"])
def test_what_shows_is_what_a_container_sees(
    built: str, engine_socket: str, request: pytest.FixtureRequest
) -> None:
    name = str(request.getfixturevalue(built))
    made = json.loads(
        api.call(engine_socket, "POST", "/containers/create", json.dumps({"Image": name}).encode())
    )
    try:
        raw = api.call(engine_socket, "GET", f"/containers/{made['Id']}/export")
    finally:
        api.call(engine_socket, "DELETE", f"/containers/{made['Id']}")
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        seen = {f"/{member.name}" for member in tar if not member.isdir()}
    files = of(report(engine_socket, name), "files")
    assert isinstance(files, list)
    # What the engine itself puts into every container is not the image's.
    own = {"/.dockerenv", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/etc/mtab", "/dev/console"}
    assert {str(file["path"]) for file in files if not file["hidden"]} == seen - own


def test_waste_is_told_by_how_it_came_about(engine_socket: str, classic: str) -> None:
    found = report(engine_socket, classic)
    files = of(found, "files")
    assert isinstance(files, list)
    hidden = {(str(file["path"]), str(file["hidden"])): int(file["size"]) for file in files if file["hidden"]}
    assert hidden[("/big.txt", "deleted")] == 100_000
    assert hidden[("/data/deep/a", "deleted")] == 4
    assert hidden[("/bin/busybox", "stored again")] > 1_000_000
    assert ("/data/b", "stored again") not in hidden  # its bytes still show as /data/hard
    assert of(found, "waste", "deleted") == sum(size for (_, how), size in hidden.items() if how == "deleted")


def test_every_way_to_hand_over_an_image_gives_the_same(
    engine_socket: str, classic: str, tmp_path: Path
) -> None:
    raw = saved(engine_socket, classic)
    (tmp_path / "image.tar").write_bytes(raw)
    (tmp_path / "image.tgz").write_bytes(gzip.compress(raw, 1))
    (tmp_path / "image.tar.zst").write_bytes(zstandard.compress(raw))
    oci(
        raw,
        tmp_path / "gzip",
        lambda layer: gzip.compress(layer, 1),
        "application/vnd.oci.image.layer.v1.tar+gzip",
    )
    oci(raw, tmp_path / "zstd", zstandard.compress, "application/vnd.oci.image.layer.v1.tar+zstd")
    (tmp_path / "unpacked").mkdir()
    subprocess.run(["tar", "-x", "-C", tmp_path / "unpacked"], input=raw, check=True)
    reference = report(engine_socket, classic)
    for way in ("image.tar", "image.tgz", "image.tar.zst", "gzip", "zstd", "unpacked"):
        found = report("/nonexistent.sock", str(tmp_path / way))
        for part in ("shares", "waste", "files", "packages"):
            assert found[part] == reference[part], (way, part)
        assert of(found, "image", "id") == of(reference, "image", "id")
    assert report("/nonexistent.sock", "-", stdin=raw)["shares"] == reference["shares"]


def oci(raw: bytes, folder: Path, compress: Callable[[bytes], bytes], kind: str) -> None:
    """A saved image as an OCI layout with compressed layers (image-spec, image-layout.md)."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def add(content: bytes, media_type: str) -> dict[str, object]:
        digest = sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:

        def file(name: str) -> bytes:
            opened = tar.extractfile(name)
            assert opened is not None
            return opened.read()

        listing = json.loads(file("manifest.json"))[0]
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": add(file(listing["Config"]), "application/vnd.oci.image.config.v1+json"),
            "layers": [add(compress(file(name)), kind) for name in listing["Layers"]],
        }
    entry = add(json.dumps(manifest).encode(), "application/vnd.oci.image.manifest.v1+json")
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))


def test_limits_decide_the_exit_code_and_say_by_how_much(engine_socket: str, classic: str) -> None:
    kept = inspect(
        engine_socket, classic, "--max-size", "100MB", "--max-build-bytes", "0", "--no-file", "*.pem"
    )
    assert kept.returncode == 0, kept.stderr
    broken = inspect(
        engine_socket, classic, "--max-size", "1MB", "--max-waste", "1kB", "--no-file", "big.txt"
    )
    assert broken.returncode == 1
    text = broken.stdout.decode()
    assert "MB over max-size 1MB" in text
    assert "over max-waste 1kB" in text
    assert "no-file big.txt: /big.txt (deleted by layer 5, still in layer 4)" in text
    as_json = inspect(engine_socket, classic, "--max-size", "1MB", "--format", "json")
    assert as_json.returncode == 1
    assert json.loads(as_json.stdout)["limits"][0]["limit"] == "max-size"
    assert b"over the limit" in as_json.stderr


def test_reports_go_to_files_and_need_no_network(engine_socket: str, classic: str, tmp_path: Path) -> None:
    page, data = tmp_path / "weight.html", tmp_path / "weight.json"
    done = inspect(engine_socket, classic, "--format", f"html:{page}", "--format", f"json:{data}")
    assert (done.returncode, done.stdout) == (0, b"")
    html = page.read_text()
    assert "default-src 'none'" in html
    assert "//" not in html.replace("http://www.w3.org/2000/svg", "").split("<script>")[0].replace("</", "")
    assert "/big.txt" in html
    assert json.loads(data.read_text())["version"] == 1


def test_memory_stays_bounded(engine_socket: str, toolchain: Callable[[str], str]) -> None:
    """300 MB of image through a process that may not have half of it (RLIMIT_DATA counts its heap)."""
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_DATA, (150 << 20, 150 << 20));"
        "from ctr_ci.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "inspect", toolchain("gcc")],
        capture_output=True,
        env={**os.environ, "DOCKER_HOST": f"unix://{engine_socket}"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"build-only" in done.stdout


def test_dpkg_itself_agrees_on_who_owns_what(engine_socket: str, toolchain: Callable[[str], str]) -> None:
    name = toolchain("gcc")
    script = "for p in $(dpkg-query -W -f '${binary:Package} '); do dpkg-query -L $p | sed \"s|^|$p |\"; done"
    done = subprocess.run(
        [
            "docker",
            "-H",
            f"unix://{engine_socket}",
            "run",
            "--rm",
            "--network",
            "none",
            name,
            "sh",
            "-c",
            script,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    files = of(report(engine_socket, name), "files")
    assert isinstance(files, list)
    ours = {str(file["path"]): file["package"] for file in files if not file["hidden"]}
    claims: dict[str, set[str]] = {}
    for line in done.stdout.splitlines():
        package, path = line.split(" ", 1)
        path = re.sub(r"^/(bin|sbin|lib|lib64)/", r"/usr/\1/", path)  # Debian's merged /usr
        if path in ours:
            claims.setdefault(path, set()).add(package.partition(":")[0])
    # /bin is a folder to many packages and one link in the tree: nobody's alone.
    theirs = {path: names.pop() for path, names in claims.items() if len(names) == 1}
    assert len(theirs) > 3000
    assert {path: ours[path] for path in theirs} == theirs
    records = {path for path, package in ours.items() if package and path not in claims}
    assert all(path.startswith("/var/lib/dpkg/info/") for path in records), records
