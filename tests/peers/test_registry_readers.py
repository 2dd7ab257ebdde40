"""What we push, before readers that have never heard of us: skopeo, crane, oras and Docker itself.

Everything goes up as an archive through the command: as Docker's manifest, as OCI's, zstd-packed, as
an index, with evidence attached. And an image that is packed already gets from us the digest that
skopeo gives it.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import StartRegistry
from ctr_ci import record as records
from ctr_ci.publish import Wish, join
from testbed import api, debian
from testbed.pushing import Push, ctr_ci, record_of
from testbed.saved import Saved, layer

FORMS = {
    "docker": (),
    "oci": ("--annotation", "org.example.kind=oci"),
    "zstd": ("--compress", "zstd"),
    "attested": ("--attest", "evidence", "--sbom", "cyclonedx"),
}


@dataclass(frozen=True)
class Readers:
    """The tools, with a home of their own."""

    home: Path

    def skopeo(self, *words: str) -> str:
        return self._run(debian.command("skopeo"), *words)

    def crane(self, *words: str) -> str:
        return self._run(str(debian.testing_tool("crane")), *words)

    def oras(self, *words: str) -> str:
        return self._run(str(debian.testing_tool("oras")), *words)

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            words,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=60,
            env={"HOME": str(self.home), "PATH": debian.FOLDERS},
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture
def read(tmp_path: Path) -> Readers:
    return Readers(tmp_path)


def image(architecture: str = "amd64") -> Saved:
    return Saved(
        [layer(app=architecture.encode() * 9_000), layer(noise=os.urandom(90_000))], "/app", architecture
    )


def pushed(folder: Path, saved: Saved, place: str, *more: str) -> str:
    """The digest under which an archive was published, and told."""
    (folder / "image.tar").write_bytes(saved.archive())
    if "--attest" in more:
        path = records.place(folder, "b-1")
        records.write(path, record_of(saved.image_id))
        how: tuple[str, ...] = ("--record", str(path), "--archive", "image.tar")
    else:
        how = ("--archive", "image.tar", "--unverified")
    done = ctr_ci("publish", *how, "--to", place, "--format", "json", *more, folder=folder)
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["digest"])


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_manifest_is_read_whole(
    registry: StartRegistry, tmp_path: Path, read: Readers, form: str
) -> None:
    saved = image()
    place = f"{registry().host}/team/app"
    digest = pushed(tmp_path, saved, f"{place}:v1", *FORMS[form])
    seen = json.loads(read.skopeo("inspect", "--tls-verify=false", f"docker://{place}:v1"))
    assert seen["Digest"] == digest
    assert read.skopeo("inspect", "--tls-verify=false", "--raw", f"docker://{place}:v1") == read.crane(
        "manifest", "--insecure", f"{place}:v1"
    )
    assert read.crane("digest", "--insecure", f"{place}:v1").strip() == digest
    # Every blob is fetched, its digest and its diff ID compared.
    if form != "zstd":  # crane's validate reads gzip only (0.20.7, tried)
        read.crane("validate", "--insecure", "--remote", f"{place}@{digest}")
    fetched = json.loads(read.oras("manifest", "fetch", "--plain-http", "--descriptor", f"{place}:v1"))
    assert fetched["digest"] == digest
    read.oras("copy", "--from-plain-http", "--to-oci-layout", f"{place}:v1", "copy:v1")
    assert (tmp_path / "copy/blobs/sha256" / digest[7:]).exists()
    read.skopeo("copy", "--src-tls-verify=false", f"docker://{place}:v1", "dir:unpacked")
    assert (tmp_path / "unpacked" / saved.image_id[7:]).read_bytes() == saved.config


def test_an_index_is_read_platform_by_platform(
    registry: StartRegistry, tmp_path: Path, read: Readers
) -> None:
    host = registry().host
    place = f"{host}/team/app"
    members = {architecture: image(architecture) for architecture in ("amd64", "arm64")}
    receipts = tuple(Push(host)(saved) for saved in members.values())
    with Push(host).registry() as there:
        joining = join(Wish(("v1",)), there, receipts)
        for _ in joining:
            pass
    for architecture, receipt in zip(members, receipts, strict=True):
        digest = read.crane("digest", "--insecure", "--platform", f"linux/{architecture}", f"{place}:v1")
        assert digest.strip() == str(receipt.digest)
        config = read.skopeo(
            *("--override-os", "linux", "--override-arch", architecture, "inspect", "--config", "--raw"),
            *("--tls-verify=false", f"docker://{place}:v1"),
        )
        assert config.strip().encode() == members[architecture].config
    read.crane("validate", "--insecure", "--remote", f"{place}:v1")
    read.oras("copy", "--from-plain-http", "--to-oci-layout", "--recursive", f"{place}:v1", "copy:v1")
    assert all((tmp_path / "copy/blobs/sha256" / one.image_id[7:]).exists() for one in members.values())


def test_evidence_is_found_and_read(registry: StartRegistry, tmp_path: Path, read: Readers) -> None:
    place = f"{registry().host}/team/app"
    digest = pushed(tmp_path, image(), f"{place}:v1", *FORMS["attested"])
    asked = ("discover", "--plain-http", "--format", "json", f"{place}@{digest}")
    found = json.loads(read.oras(*asked))
    listed = found.get("referrers") or found.get("manifests")
    kinds = {one["annotations"]["in-toto.io/predicate-type"] for one in listed}
    assert len(listed) == len(kinds) == 3
    for one in listed:
        assert one["artifactType"] == "application/vnd.in-toto+json"
        manifest = json.loads(read.crane("manifest", "--insecure", f"{place}@{one['digest']}"))
        assert manifest["subject"]["digest"] == digest
        raw = read.crane("blob", "--insecure", f"{place}@{manifest['layers'][0]['digest']}")
        statement = json.loads(raw)
        assert statement["predicateType"] in kinds
        assert statement["subject"][0]["digest"]["sha256"] == digest[7:]


@pytest.mark.parametrize("form", ["docker", "oci", "attested"])  # zstd: not before Docker 23
def test_docker_pulls_the_very_image(
    registry: StartRegistry, tmp_path: Path, engine_socket: str, form: str
) -> None:
    saved = image()
    place = f"{registry().host}/team/app"
    digest = pushed(tmp_path, saved, f"{place}:v1", *FORMS[form])
    try:
        for name in (f"{place}@{digest}", f"{place}:v1"):
            subprocess.run(["docker", "-H", f"unix://{engine_socket}", "pull", "-q", name], check=True)
            assert api.image_id(engine_socket, name) == saved.image_id
    finally:
        api.call(engine_socket, "DELETE", f"/images/{saved.image_id}?force=1")


def test_what_is_packed_already_has_the_digest_that_skopeo_gives_it(
    registry: StartRegistry, tmp_path: Path, read: Readers
) -> None:
    saved = image()
    place = f"{registry().host}/team/app"
    (tmp_path / "image.tar").write_bytes(saved.archive())
    read.skopeo("copy", "docker-archive:image.tar", "oci:packed:v1")
    read.skopeo("copy", "--dest-tls-verify=false", "oci:packed:v1", f"docker://{place}:theirs")
    words = ("publish", "--archive", "packed", "--unverified", "--to", f"{place}:ours", "--format", "json")
    done = ctr_ci(*words, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    digest = read.crane("digest", "--insecure", f"{place}:theirs").strip()
    assert json.loads(done.stdout)["digest"] == digest
    # Between registries, too, a copy of ours is a copy of theirs.
    other = f"{registry().host}/team/copy"
    copied = ctr_ci(
        *("publish", "--from-registry", f"{place}:ours", "--to", f"{other}:ours", "--unverified"),
        folder=tmp_path,
    )
    assert copied.returncode == 0, copied.stderr
    tls = ("--src-tls-verify=false", "--dest-tls-verify=false")
    read.skopeo("copy", *tls, f"docker://{place}:ours", f"docker://{other}:theirs")
    for tag in ("ours", "theirs"):
        assert read.crane("digest", "--insecure", f"{other}:{tag}").strip() == digest
