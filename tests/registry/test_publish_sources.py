"""Images that come from archives, OCI layouts and other registries."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import StartRegistry
from ctr_ci.oci import Descriptor, Digest, Reference, image_index
from ctr_ci.problem import CtrCiError, InputError, Refused, WorldError
from ctr_ci.publish import (
    ArchiveContent,
    Memory,
    Receipt,
    Wish,
    join,
    promote,
    promoted,
    push,
    unverified,
    verify,
)
from ctr_ci.registry import Registry, manifests
from testbed.fault_proxy import Answer, Fault, FaultProxy, Reset, Seen, Truncate
from testbed.pushing import Push, blob, ctr_ci, publish, stored, tags, to
from testbed.saved import Saved, Shelf, digest, layer, oci, pieces, tar


def image() -> Saved:
    return Saved([layer(base=b"b" * 50_000), layer(noise=os.urandom(200_000))])


class Given:
    """An export as an engine with another store would give it."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def layers(self, image_id: Digest) -> tuple[Digest, ...]:
        return ()

    def export(self, image_id: Digest) -> Iterator[bytes]:
        return pieces(self.raw)


def pushed(host: str, content: ArchiveContent | Given, image_id: Digest, *tags_: str) -> Receipt:
    with Push(host).registry() as registry:
        pushing = push(unverified(image_id, ""), Wish(tags_), registry, content, Memory(None))
        while True:
            try:
                next(pushing)
            except StopIteration as done:
                receipt: Receipt = done.value
                return receipt


def test_an_archive_in_a_file_is_pushed(registry: StartRegistry, tmp_path: Path) -> None:
    saved = image()
    (tmp_path / "a.tar").write_bytes(saved.archive())
    content = ArchiveContent(tmp_path / "a.tar")
    assert str(content.find("")) == saved.image_id
    host = registry().host
    pushed(host, content, Digest.parse(saved.image_id), "v1")
    assert stored(host, "team/app", "v1")["config"]["digest"] == saved.image_id  # type: ignore[index]


def test_an_archive_of_another_image_than_the_tested_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(image().archive())
    with pytest.raises(CtrCiError):
        ArchiveContent(tmp_path / "a.tar").layers(Digest.of(b"tested"))


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_an_oci_layout_goes_as_it_is(registry: StartRegistry, tmp_path: Path, kind: str) -> None:
    saved = image()
    entries = list(oci(saved))
    place = tmp_path / "layout"
    if kind == "archive":
        place.write_bytes(tar(list(entries)))
    else:
        for name, raw in entries:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(raw)
    host = registry().host
    receipt = pushed(host, ArchiveContent(place), Digest.parse(saved.image_id), "v1")
    manifest = entries[0][1]
    assert str(receipt.digest) == digest(manifest)
    for name, raw in entries[2:-2]:
        assert blob(host, "team/app", f"sha256:{name[13:]}") == raw


def test_an_image_whose_id_is_its_index_goes_with_the_index(registry: StartRegistry) -> None:
    """The containerd store calls an image by the digest of its index."""
    saved = image()
    entries = list(oci(saved))
    index_id = Digest.parse(digest(entries[1][1]))
    host = registry().host
    receipt = pushed(host, Given(tar(list(entries))), index_id, "v1")
    assert receipt.digest == index_id
    assert stored(host, "team/app", "v1")["manifests"][0]["digest"] == digest(entries[0][1])  # type: ignore[index]


def test_an_index_that_lists_what_is_not_there_is_refused(registry: StartRegistry) -> None:
    saved = image()
    entries = list(oci(saved))
    inner = json.loads(entries[1][1])
    missing = f"sha256:{'7' * 64}"
    inner["manifests"].append({**inner["manifests"][0], "digest": missing})
    raw = json.dumps(inner).encode()
    outer = json.loads(entries[-1][1])
    outer["manifests"][0] |= {"digest": digest(raw), "size": len(raw)}
    entries[1] = (f"blobs/sha256/{digest(raw)[7:]}", raw)
    entries[-1] = ("index.json", json.dumps(outer).encode())
    host = registry().host
    with pytest.raises(WorldError, match=missing):
        pushed(host, Given(tar(list(entries))), Digest.parse(digest(raw)), "v1")
    assert tags(host, "team/app") == []


def carried(source: Registry, target: Registry, name: str, *tags_: str) -> Receipt:
    found = verify(source, Reference.parse(name))
    release = promoted(found.image_id or found.digest, name, found.passed)
    copying = promote(release, Wish(tags_), source, target, found.digest)
    while True:
        try:
            next(copying)
        except StopIteration as done:
            receipt: Receipt = done.value
            return receipt


def test_a_promotion_keeps_the_digest_and_takes_the_evidence_along(registry: StartRegistry) -> None:
    first, second = registry("token"), registry("htpasswd")
    push_ = to(first, name="dev/app")
    saved = image()
    _, at = publish(push_, saved, "v1")
    there = to(second, name="prod/app")
    with push_.registry() as source, there.registry() as target:
        receipt = carried(source, target, f"{first.host}/dev/app:v1", "stable")
        assert receipt.digest == at
        assert manifests.digest_of(target, "stable") == at
        assert verify(target, Reference.parse(f"{second.host}/prod/app:stable")).passed
    with push_.registry() as source, there.registry() as target:
        again = carried(source, target, f"{first.host}/dev/app:v1", "stable")
    assert {one.how for one in again.blobs} == {"existing"}
    assert [tag.moved for tag in again.tags] == [False]


def test_an_index_is_promoted_with_the_evidence_of_its_parts(registry: StartRegistry) -> None:
    first, second = registry(), registry()
    push_, there = Push(first.host, name="dev/app"), Push(second.host, name="prod/app")
    members = [publish(push_, image(), tag)[1] for tag in ("amd64", "arm64")]
    with push_.registry() as source, there.registry() as target:
        found = [manifests.get(source, str(member)) for member in members]
        entries = tuple(Descriptor(one.media_type, one.digest, len(one.raw)) for one in found if one)
        manifests.put(source, "v1", image_index(entries))
        at = verify(source, Reference.parse(f"{first.host}/dev/app:v1")).digest
        carried(source, target, f"{first.host}/dev/app:v1", "v1")
        assert verify(target, Reference.parse(f"{second.host}/prod/app@{at}")).passed


def test_within_one_registry_blobs_are_mounted(registry: StartRegistry) -> None:
    started = registry("token")
    push_ = to(started, name="dev/app")
    publish(push_, image(), "v1")
    there = to(started, name="prod/app")
    there.mounts = ("dev/app",)
    with push_.registry() as source, there.registry() as target:
        receipt = carried(source, target, f"{started.host}/dev/app:v1", "v1")
    assert {one.how for one in receipt.blobs} == {"mounted"}


def test_a_source_that_sends_other_bytes_is_not_copied(registry: StartRegistry) -> None:
    first, second = registry(), registry()
    push_ = Push(first.host)
    at = push_(image(), "v1").digest
    between = FaultProxy(
        first.host,
        lambda seen: Answer(200, (), b"evil") if seen.method == "GET" and "/blobs/" in seen.path else None,
    ).start()
    there = Push(second.host)
    with Push(between.host).registry() as source, there.registry() as target:
        copying = promote(unverified(at, ""), Wish(("v1",)), source, target, at)
        with pytest.raises(WorldError):
            list(copying)
    between.stop()
    assert tags(second.host, "team/app") == []


def test_the_command_promotes_by_evidence_only(registry: StartRegistry, tmp_path: Path) -> None:
    started = registry("token")
    tested, untested = to(started, name="dev/tested"), to(started, name="dev/untested")
    _, at = publish(tested, image(), "v1")
    untested(image(), "v1")
    common = ("--credential", f"env:{started.user}:WORD", "--tag", "v2", "--format", "json")
    source = f"{started.host}/dev/tested:v1"
    arguments = ("publish", "--from-registry", source, "--to", f"{started.host}/prod/app", *common)
    done = ctr_ci(*arguments, folder=tmp_path, WORD=started.password)
    assert done.returncode == 0, done.stderr
    receipt = json.loads(done.stdout)
    assert receipt["digest"] == str(at)
    assert receipt["evidence"]["verified"] is True
    assert {one["how"] for one in receipt["blobs"]} == {"mounted"}
    source = f"{started.host}/dev/untested:v1"
    arguments = ("publish", "--from-registry", source, "--to", f"{started.host}/prod/app", *common)
    done = ctr_ci(*arguments, folder=tmp_path, WORD=started.password)
    assert done.returncode == 1
    assert "carries no test evidence" in done.stderr
    done = ctr_ci(*arguments, "--unverified", folder=tmp_path, WORD=started.password)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["evidence"]["verified"] is False


def test_the_command_verifies_and_says_how_far_it_can_be_trusted(
    registry: StartRegistry, tmp_path: Path
) -> None:
    started = registry()
    _, at = publish(Push(started.host), image(), "v1")
    done = ctr_ci("verify", f"{started.host}/team/app:v1", "--require", "smoke", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"verified {started.host}/team/app@{at}" in done.stdout
    assert "no signer demanded (--key, --certificate-identity)" in done.stdout
    done = ctr_ci("verify", f"{started.host}/team/app:v1", "--format", "json", folder=tmp_path)
    assert json.loads(done.stdout)["passed"]
    done = ctr_ci("verify", f"{started.host}/team/app:v1", "--require", "load", folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    done = ctr_ci("verify", f"{started.host}/team/none:v1", folder=tmp_path)
    assert done.returncode == 2


def test_a_folder_that_is_no_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        ArchiveContent(tmp_path).find("")
    with pytest.raises(InputError, match="cannot be read"):
        ArchiveContent(tmp_path / "none").find("")


def member(host: str, architecture: str) -> Receipt:
    """An image for one platform, pushed by digest alone."""
    saved = Saved([layer(app=architecture.encode())], architecture=architecture)
    return Push(host, shelf=Shelf())(saved)


def joined(host: str, members: tuple[Receipt, ...], *tags_: str) -> Receipt:
    with Push(host).registry() as registry:
        joining = join(Wish(tags_), registry, members)
        while True:
            try:
                next(joining)
            except StopIteration as done:
                receipt: Receipt = done.value
                return receipt


def test_images_for_several_platforms_stand_under_one_tag(registry: StartRegistry) -> None:
    host = registry().host
    members = (member(host, "amd64"), member(host, "arm64"))
    assert tags(host, "team/app") == []
    receipt = joined(host, members, "v1", "latest")
    assert tags(host, "team/app") == ["latest", "v1"]
    found = stored(host, "team/app", "v1")
    assert found["mediaType"] == "application/vnd.docker.distribution.manifest.list.v2+json"
    listed = {one["platform"]["architecture"]: one["digest"] for one in found["manifests"]}  # type: ignore[attr-defined]
    assert listed == {"amd64": str(members[0].digest), "arm64": str(members[1].digest)}
    assert receipt.members == members


def test_two_images_for_one_platform_are_refused(registry: StartRegistry) -> None:
    host = registry().host
    with pytest.raises(InputError, match="linux/amd64, linux/amd64"):
        joined(host, (member(host, "amd64"), member(host, "amd64")), "v1")
    assert tags(host, "team/app") == []


def test_an_index_verifies_when_all_its_images_do(registry: StartRegistry) -> None:
    host = registry().host
    push_ = Push(host)
    found = []
    for architecture in ("amd64", "arm64"):
        saved = Saved([layer(app=architecture.encode())], architecture=architecture)
        publish(push_, saved)
        found.append(push_(saved))
    joined(host, tuple(found), "both")
    with push_.registry() as registry_:
        assert verify(registry_, Reference.parse(f"{host}/team/app:both"), ("smoke",)).passed
    joined(host, (found[0], member(host, "riscv64")), "half")
    with push_.registry() as registry_, pytest.raises(Refused, match="carries no test evidence"):
        verify(registry_, Reference.parse(f"{host}/team/app:half"))


@pytest.mark.parametrize("fault", [Truncate(), Reset("answer"), Answer(503)])
def test_a_promotion_survives_a_source_that_breaks_off(registry: StartRegistry, fault: Fault) -> None:
    first, second = registry(), registry()
    saved = image()
    at = Push(first.host)(saved, "v1").digest
    broken: list[str] = []

    def decide(seen: Seen) -> Fault | None:
        if seen.method == "GET" and "/blobs/" in seen.path and seen.path not in broken:
            broken.append(seen.path)
            return fault
        return None

    between = FaultProxy(first.host, decide).start()
    there = Push(second.host)
    with Push(between.host).registry() as source, there.registry() as target:
        for _ in promote(unverified(at, ""), Wish(("v1",)), source, target, at):
            pass
    between.stop()
    assert len(broken) == 3
    assert stored(second.host, "team/app", "v1")["config"]["digest"] == saved.image_id  # type: ignore[index]
