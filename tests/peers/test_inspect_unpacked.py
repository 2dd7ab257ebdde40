"""Independent readings of the same images: skopeo copies, umoci unpacks, dpkg and rpm say who owns what."""

from __future__ import annotations

import io
import json
import os
import re
import stat
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.twins import context
from testbed import api
from testbed.debian import command
from testbed.images import LABEL
from testbed.saved import Saved

LONG = "a-rather-long-name-of-a-folder" * 6
# Hard links, a sparse file, whiteouts, an opaque folder, names beyond tar's, content stored twice.
STEPS = f"""\
RUN mkdir -p /data/{LONG}/deep /data/old && cd /data && echo one >old/a && echo two >old/b \\
 && echo long >{LONG}/deep/file && ln {LONG}/deep/file linked && ln -s old/a soft \\
 && truncate -s 3M sparse && echo end >>sparse
RUN cd /data && rm -r old && mkdir old && echo new >old/c && mv {LONG}/deep/file moved && chmod 700 sparse
RUN dpkg --purge ca-certificates && rm /data/soft && cp /data/moved /data/copy
CMD ["bash"]
"""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """An image's name, its copies as OCI layouts with gzip and zstd layers, and umoci's file system."""

    name: str
    gzip: Path
    zstd: Path
    root: Path


def skopeo(source: str, to: str, engine_socket: str, *options: str) -> None:
    # A policy of the test's own: nothing of the machine decides whether an unsigned image may be copied.
    subprocess.run(
        [
            *(command("skopeo"), "--insecure-policy", "copy", "-q", *options),
            *("--src-daemon-host", f"unix://{engine_socket}", source, to),
        ],
        capture_output=True,
        check=True,
    )


@pytest.fixture(scope="module")
def unpacked(engine_socket: str, debian: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unpacked]:
    name = f"ctr-ci.test/unpacked:{os.getpid()}"
    text = f"FROM {debian}\n{STEPS}"
    api.build_image(engine_socket, name, context({"Dockerfile": text}), {LABEL: "unpacked"})
    folder = tmp_path_factory.mktemp("unpacked")
    gzip, zstd = folder / "gzip", folder / "zstd"
    skopeo(f"docker-daemon:{name}", f"oci:{gzip}:it", engine_socket)
    skopeo(f"oci:{gzip}:it", f"oci:{zstd}:it", engine_socket, "--dest-compress-format", "zstd")
    subprocess.run(
        [command("umoci"), "unpack", "--image", f"{gzip}:it", str(folder / "bundle")],
        capture_output=True,
        check=True,
    )
    yield Unpacked(name, gzip, zstd, folder / "bundle/rootfs")
    api.untag(engine_socket, name)


def report(image: str, engine_socket: str = "/nonexistent.sock") -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "ctr_ci", "inspect", image, "--format", "json", "--files"],
        capture_output=True,
        env={**os.environ, "DOCKER_HOST": f"unix://{engine_socket}"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def shown(found: dict[str, object]) -> dict[str, dict[str, object]]:
    files = found["files"]
    assert isinstance(files, list)
    return {str(file["path"]): file for file in files if not file["hidden"]}


def walk(root: Path) -> dict[str, os.stat_result]:
    """Path from the root → what lstat says, of everything but folders."""
    found = {}
    for folder, folders, files in os.walk(root):
        for base in (*folders, *files):
            path = Path(folder, base)
            told = path.lstat()
            if not stat.S_ISDIR(told.st_mode):
                found[f"/{path.relative_to(root)}"] = told
    return found


def test_umoci_unpacks_the_files_that_are_told_with_their_sizes(unpacked: Unpacked) -> None:
    theirs, ours = walk(unpacked.root), shown(report(str(unpacked.gzip)))
    assert set(ours) == set(theirs)
    assert len(theirs) > 3000
    sizes: dict[int, int] = {}
    counted: dict[int, int] = {}
    for path, told in theirs.items():
        # A file's bytes count once, at one of its names; a symlink's are the length of its target.
        sizes[told.st_ino] = told.st_size
        counted[told.st_ino] = counted.get(told.st_ino, 0) + int(str(ours[path]["size"]))
    assert counted == sizes


def test_every_copy_of_an_image_weighs_what_the_engine_says(unpacked: Unpacked, engine_socket: str) -> None:
    told = json.loads(api.call(engine_socket, "GET", f"/images/{unpacked.name}/json"))
    found = [report(unpacked.name, engine_socket), report(str(unpacked.gzip)), report(str(unpacked.zstd))]
    for one in found:
        image, layers = one["image"], one["layers"]
        assert isinstance(image, dict)
        assert isinstance(layers, list)
        assert image["size"] == told["Size"] == sum(layer["size"] for layer in layers)
        assert [layer["diff_id"] for layer in layers] == told["RootFS"]["Layers"]
    history = json.loads(api.call(engine_socket, "GET", f"/images/{unpacked.name}/history"))
    brought = [entry["Size"] for entry in reversed(history) if entry["Size"]]
    layers = found[0]["layers"]
    assert isinstance(layers, list)
    assert [layer["size"] for layer in layers] == brought
    assert found[0]["files"] == found[1]["files"] == found[2]["files"]


def test_dpkg_reads_the_same_owners_in_the_unpacked_files(unpacked: Unpacked) -> None:
    admin = f"--admindir={unpacked.root}/var/lib/dpkg"

    def query(*arguments: str) -> str:
        return subprocess.run(
            ["dpkg-query", admin, *arguments], capture_output=True, text=True, check=True
        ).stdout

    told = dict(line.split(" ") for line in query("-W", "-f", "${Package} ${Installed-Size}\n").splitlines())
    found = report(str(unpacked.gzip))
    packages = found["packages"]
    assert isinstance(packages, list)
    ours = {
        str(package["name"]): int(package["size"])
        for package in packages
        if package["ecosystem"] == "deb" and not package["removed"]
    }
    assert set(ours) == set(told)
    assert "ca-certificates" not in ours
    # The maintainer's figure rounds each file up, and counts manuals that were left out here.
    assert {name for name in ours if ours[name] > int(told[name]) * 1024} == set()
    files = shown(found)
    names = query("-W", "-f", "${binary:Package}\n").split()
    claims: dict[str, set[str]] = {}
    for name, listed in zip(names, query("-L", *names).split("\n\n"), strict=True):
        for line in listed.splitlines():
            path = re.sub(r"^/(bin|sbin|lib|lib64)/", r"/usr/\1/", line)  # Debian's merged /usr
            if path in files:
                claims.setdefault(path, set()).add(name.partition(":")[0])
    theirs = {path: owners.pop() for path, owners in claims.items() if len(owners) == 1}
    assert len(theirs) > 2500
    assert {path: files[path]["package"] for path in theirs} == theirs


SPEC = """\
Name: {name}
Version: 1.0
Release: 2
Summary: {name}
License: none
Group: {group}
BuildArch: noarch
%description
{name}
%install
{install}
%files
{files}
"""
PACKAGES = {
    "hello": ("Applications/Text", {"/usr/bin/hello": 1200, "/usr/share/hello/text": 700}),
    "hello-devel": ("Development/Tools", {"/usr/include/hello.h": 5000, "/usr/lib/libhello.a": 9000}),
}


def test_rpm_reads_the_same_owners_in_a_file_system_of_its_own(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/own").write_text("nobody's\n")
    for name, (group, files) in PACKAGES.items():
        install = "\n".join(
            f"install -D /dev/null $RPM_BUILD_ROOT{path} && head -c {size} /dev/zero >$RPM_BUILD_ROOT{path}"
            for path, size in files.items()
        )
        spec = tmp_path / f"{name}.spec"
        spec.write_text(SPEC.format(name=name, group=group, install=install, files="\n".join(files)))
        rpm("rpmbuild", "--quiet", "--define", f"_topdir {tmp_path}/top", "-bb", str(spec))
    made = [str(path) for path in (tmp_path / "top/RPMS").rglob("*.rpm")]
    database = ("--root", str(root), "--define", "_db_backend sqlite", "--dbpath", "/var/lib/rpm")
    rpm("rpm", *database, "--nodeps", "--ignorearch", "-i", *made)
    listed = rpm("rpm", *database, "-qa", "--qf", "[%{=NAME} %{FILENAMES}\n]").splitlines()
    theirs = {path: name for name, path in (line.split(" ", 1) for line in listed)}
    assert len(theirs) == 4
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        tar.add(root, arcname=".")
    image = tmp_path / "image.tar"
    image.write_bytes(Saved([layer.getvalue()]).archive())
    found = report(str(image))
    ours = shown(found)
    assert {path: ours[path]["package"] for path in theirs} == theirs
    assert {path for path, file in ours.items() if file["ecosystem"] == "rpm"} == set(theirs)
    classes = {str(ours[path]["share"]) for path in theirs if theirs[path] == "hello-devel"}
    assert classes == {"build"}
    sizes = rpm("rpm", *database, "-qa", "--qf", "%{NAME} %{SIZE}\n").split()
    packages = found["packages"]
    assert isinstance(packages, list)
    told = {str(package["name"]): str(package["size"]) for package in packages}
    assert told == dict(zip(sizes[::2], sizes[1::2], strict=True))


def rpm(program: str, *arguments: str) -> str:
    return subprocess.run([command(program), *arguments], capture_output=True, text=True, check=True).stdout
