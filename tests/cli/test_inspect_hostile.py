"""Images made to harm whoever looks at them: a clear message, or a report that does as it says."""

from __future__ import annotations

import gzip
import json
import os
import resource
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from testbed.saved import Saved, oci, tar
from unit.image.pack import hard, link, pack

END = bytes(1024)
EVIL = "usr/include/\x1b]0;owned\x07</script><script>alert(1)</script>\n::error::no.h"


def inspect(path: Path, *arguments: str, memory: int = 0) -> subprocess.CompletedProcess[bytes]:
    def limited() -> None:
        if memory:
            resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))

    return subprocess.run(
        [sys.executable, "-m", "ctr_ci", "inspect", str(path), *arguments],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        # A strict terminal: a name that is no UTF-8 may not pass by luck.
        env={**os.environ, "DOCKER_HOST": "unix:///nonexistent.sock", "PYTHONIOENCODING": "utf-8:strict"},
        preexec_fn=limited,
        timeout=100,
        check=False,
    )


def saved(folder: Path, *layers: bytes) -> Path:
    path = folder / "image.tar"
    path.write_bytes(Saved(list(layers)).archive())
    return path


def pax(**records: str) -> bytes:
    """A layer whose one file has these pax records."""
    body = b""
    for key, value in records.items():
        rest = f" {key.replace('__', '.')}={value}\n".encode()
        length = next(n for n in range(len(rest), len(rest) + 9) if len(str(n)) + len(rest) == n)
        body += str(length).encode() + rest
    head = tarfile.TarInfo("pax")
    head.type, head.size = b"x", len(body)
    return head.tobuf(tarfile.USTAR_FORMAT) + body + bytes(-len(body) % 512) + pack({"a": "x"})


def announcing(size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    """A layer that announces so many bytes and has none."""
    head = tarfile.TarInfo("a")
    head.size, head.type = size, kind
    return head.tobuf(tarfile.GNU_FORMAT) + END


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (pax(uid="root"), "a number b'root' that is not decimal"),
        (pax(size="-512"), "a number b'-512' that is not decimal"),
        (pax(GNU__sparse__realsize="9" * 30), "that is not decimal"),
        (announcing(1 << 50), "the archive ends after"),
        (announcing(1 << 50, tarfile.GNUTYPE_LONGNAME), "a header of 1,125,899,906,842,624 bytes"),
        (b"\0garbage" * 1000, "a block that is no tar header"),
    ],
)
def test_a_layer_that_lies_about_itself_is_refused(layer: bytes, said: str, tmp_path: Path) -> None:
    done = inspect(saved(tmp_path, layer))
    assert done.returncode == 2, done.stderr
    assert said in done.stderr.decode()
    assert done.stderr.startswith(f"{tmp_path}/image.tar: error: ".encode())


def test_a_compressed_layer_with_other_content_names_layer_and_way_out(tmp_path: Path) -> None:
    whole = Saved([pack({"a": "1"}), pack({"b": "2"})])
    raw = dict(oci(whole))
    good = gzip.compress(whole.layers[1], mtime=0)
    for name, content in list(raw.items()):
        if content == good:
            raw[name] = gzip.compress(pack({"b": "3"}), mtime=0)
    path = tmp_path / "image.tar"
    path.write_bytes(tar(list(raw.items())))
    done = inspect(path)
    assert done.returncode == 2
    assert b"the content of layer 2 has the digest sha256:" in done.stderr
    assert b"image.tar: error: " in done.stderr
    assert b"tampered with or damaged" in done.stderr


def test_a_bomb_is_read_to_its_end_in_little_memory(tmp_path: Path) -> None:
    """A gigabyte of zeros in a megabyte of gzip, counted and not kept."""
    whole = Saved([pack({"a": "1"})])
    big = tarfile.TarInfo("big")
    big.size = 1 << 30
    head = gzip.compress(big.tobuf(tarfile.GNU_FORMAT), 1)
    squeezed = head + gzip.compress(bytes(1 << 20), 1) * 1024 + gzip.compress(END, 1)
    raw = dict(oci(whole))
    raw = {n: squeezed if c == gzip.compress(whole.layers[0], mtime=0) else c for n, c in raw.items()}
    path = tmp_path / "image.tar"
    path.write_bytes(tar(list(raw.items())))
    done = inspect(path, memory=150 << 20)
    assert done.returncode == 2  # it is not the content that the config promises, and that took all of it
    assert b"the content of layer 1 has the digest" in done.stderr


def test_names_that_leave_the_folder_stay_names(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        pack({"../../etc/passwd": "x", "/../up": "y", "loop": link("loop"), "a": link("b"), "b": link("a")}),
        pack({"a/c": "z", "dangling": hard("nowhere")}),
    )
    before = sorted(tmp_path.iterdir())
    done = inspect(path, "--format", "json", "--files")
    assert done.returncode == 0, done.stderr
    assert {"/../../etc/passwd", "/../up", "/loop", "/a/c"} <= {
        file["path"] for file in json.loads(done.stdout)["files"]
    }
    assert sorted(tmp_path.iterdir()) == before


def test_a_name_steers_neither_terminal_nor_page(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(
        Saved(
            [pack({EVIL: "x" * 9000, "caf\udce9.h": "y" * 9000})], history=["RUN \x1b[2J</script>"]
        ).archive()
    )
    text = inspect(path, "--no-file", "*.h")
    assert text.returncode == 1, text.stderr
    assert b"\x1b" not in text.stdout
    assert b"\x07" not in text.stdout
    assert not [line for line in text.stdout.splitlines() if line.startswith(b"::")]
    assert b"RUN \\x1b[2J" in text.stdout
    page = tmp_path / "page.html"
    files = inspect(path, "--format", f"html:{page}", "--format", "json", "--files", "--no-file", "*.h")
    assert files.returncode == 1, files.stderr
    assert b"\x1b" not in files.stderr
    assert f"/{EVIL}" in [file["path"] for file in json.loads(files.stdout)["files"]]
    html = page.read_text(encoding="utf-8")
    assert html.count("<script") == html.count("</script>") == 2  # the page's data and its program
    assert "caf\\udce9.h" in html
