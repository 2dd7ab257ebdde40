"""`--sbom cyclonedx`: what is in the image, attached to its digest on a real registry."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from conftest import StartRegistry
from ctr_ci.image import PackageWeight, Share
from ctr_ci.publish.sbom import package_url
from testbed.pushing import blob, ctr_ci, stored
from testbed.saved import Saved, tar

STATUS = """Package: zlib1g
Status: install ok installed
Architecture: amd64
Version: 1:1.2.13.dfsg-1

Package: gone
Status: deinstall ok config-files
Version: 1
"""
OS = 'PRETTY_NAME="Debian GNU/Linux 12"\nVERSION_ID="12"\nID=debian\n'
MANIFEST = json.dumps({"name": "@team/left-pad", "version": "1.3.0"}).encode()


def image() -> Saved:
    base = tar(
        [
            ("usr/lib/os-release", OS.encode()),
            ("etc/os-release", "../usr/lib/os-release"),
            ("var/lib/dpkg/status", STATUS.encode()),
        ]
    )
    here, there = "app/node_modules/@team/left-pad", "srv/node_modules/@team/left-pad"
    own = tar([(f"{where}/package.json", MANIFEST) for where in (here, there)])
    return Saved([base, own])


def publish(folder: Path, to: str, *more: str) -> subprocess.CompletedProcess[str]:
    return ctr_ci(
        *("publish", "--archive", "image.tar", "--unverified", "--to", to, "--tag", "v1"),
        *("--sbom", "cyclonedx", "--format", "json", *more),
        folder=folder,
    )


def attached(host: str, receipt: dict[str, Any]) -> dict[str, Any]:
    (digest,) = receipt["attestations"]
    found: dict[str, Any] = stored(host, "team/app", digest)
    assert found["subject"]["digest"] == receipt["digest"]
    assert found["annotations"]["in-toto.io/predicate-type"] == "https://cyclonedx.org/bom"
    statement: dict[str, Any] = json.loads(blob(host, "team/app", found["layers"][0]["digest"]))
    return statement


def test_the_packages_are_attached_to_the_digest(registry: StartRegistry, tmp_path: Path) -> None:
    host = registry().host
    saved = image()
    (tmp_path / "image.tar").write_bytes(saved.archive())
    done = publish(tmp_path, f"{host}/team/app")
    assert done.returncode == 0, done.stderr
    receipt = json.loads(done.stdout)
    statement = attached(host, receipt)
    assert statement["predicateType"] == "https://cyclonedx.org/bom"
    assert statement["subject"] == [
        {"name": f"{host}/team/app", "digest": {"sha256": receipt["digest"].removeprefix("sha256:")}}
    ]
    bom = statement["predicate"]
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bom)) is None
    assert bom["metadata"]["component"]["name"] == saved.image_id
    assert {(one["name"], one.get("version"), one.get("purl")) for one in bom["components"]} == {
        ("debian", "12", None),
        ("zlib1g", "1:1.2.13.dfsg-1", "pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1?distro=debian-12"),
        ("@team/left-pad", "1.3.0", "pkg:npm/%40team/left-pad@1.3.0"),
    }
    (root,) = [one for one in bom["dependencies"] if one["ref"] == saved.image_id]
    assert len(root["dependsOn"]) == 3


def test_the_same_image_gets_the_same_document(registry: StartRegistry, tmp_path: Path) -> None:
    host = registry().host
    (tmp_path / "image.tar").write_bytes(image().archive())
    first, second = (json.loads(publish(tmp_path, f"{host}/team/app").stdout) for _ in range(2))
    assert first["attestations"] == second["attestations"]
    assert len(attached(host, second)["predicate"]["components"]) == 3


def test_an_image_copied_from_a_registry_keeps_what_is_attached(tmp_path: Path) -> None:
    arguments = ("publish", "--from-registry", "127.0.0.1:9/a:1", "--to", "127.0.0.1:9/b")
    done = ctr_ci(*arguments, "--sbom", "cyclonedx", folder=tmp_path)
    assert done.returncode == 2
    assert "what is attached there travels with the image" in done.stderr


@pytest.mark.parametrize(
    ("ecosystem", "name", "version", "url"),
    [
        ("apk", "musl", "1.2.5-r0", "pkg:apk/alpine/musl@1.2.5-r0?distro=alpine-3.20"),
        ("rpm", "bash", "1:5.1-2", "pkg:rpm/alpine/bash@5.1-2?distro=alpine-3.20&epoch=1"),
        ("pacman", "glibc", "2.39-1", "pkg:alpm/alpine/glibc@2.39-1?distro=alpine-3.20"),
        ("pip", "requests", "2.32.0", "pkg:pypi/requests@2.32.0"),
        ("maven", "org.slf4j:slf4j-api", "2.0", "pkg:maven/org.slf4j/slf4j-api@2.0"),
        ("maven", "slf4j-api", "2.0", "pkg:maven/slf4j-api@2.0"),
        ("go", "github.com/spf13/cobra", "", "pkg:golang/github.com/spf13/cobra"),
        ("composer", "symfony/console", "v7.0", "pkg:composer/symfony/console@v7.0"),
        ("gem", "rake", "13.0", "pkg:gem/rake@13.0"),
    ],
)
def test_each_ecosystem_has_its_package_url(ecosystem: str, name: str, version: str, url: str) -> None:
    package = PackageWeight(ecosystem, name, version, 1, 1, Share.RUNTIME, "", 0)
    assert package_url(package, ("alpine", "3.20")) == url
