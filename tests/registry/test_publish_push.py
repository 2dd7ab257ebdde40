"""Pushing to a real registry: what arrives is exactly the image, and tags come last."""

from __future__ import annotations

import gzip
import json
import os
from hashlib import sha256
from pathlib import Path

import pytest
from zstandard import ZstdDecompressor

from conftest import StartRegistry
from ctr_ci.events import BlobPushed, ManifestPushed, TagMoved
from ctr_ci.oci import Digest, Index, Manifest, parse_manifest
from ctr_ci.problem import CtrCiError, InputError, Refused, WorldError
from ctr_ci.publish import GZIP, zstd
from ctr_ci.registry import Registry, blobs, manifests
from testbed.pushing import Push, blob, stored, tags, to
from testbed.saved import Saved, Shelf, digest, layer


def image(seed: bytes = b"x") -> Saved:
    return Saved([layer(base=b"b" * 200_000), layer(app=seed * 5000), layer(noise=os.urandom(3_000_000))])


def layers_of(host: str, selector: str, name: str = "team/app") -> list[bytes]:
    """The plain layers as the registry has them, each blob compared with its digest."""
    found = []
    for one in stored(host, name, selector)["layers"]:  # type: ignore[attr-defined]
        raw = blob(host, name, one["digest"])
        assert digest(raw) == one["digest"]
        found.append(gzip.decompress(raw))
    return found


def test_the_image_arrives_whole_and_by_its_own_id(registry: StartRegistry) -> None:
    host = registry().host
    saved = image()
    receipt = Push(host)(saved, "v1")
    found = stored(host, "team/app", str(receipt.digest))
    assert found["config"]["digest"] == saved.image_id  # type: ignore[index]
    assert blob(host, "team/app", saved.image_id) == saved.config
    assert layers_of(host, "v1") == saved.layers


@pytest.mark.parametrize("turn", [1, -1])
def test_layers_stand_in_the_images_order_however_the_archive_has_them(
    registry: StartRegistry, turn: int
) -> None:
    host = registry().host
    saved = image()
    saved.entries = sorted(saved.entries)[::turn]
    Push(host)(saved, "v1")
    assert layers_of(host, "v1") == saved.layers


def test_an_image_whose_layer_repeats_arrives_with_both(registry: StartRegistry) -> None:
    host = registry().host
    twice = layer(same=b"s" * 1000)
    saved = Saved([twice, layer(between=b"b"), twice])
    Push(host)(saved, "v1")
    assert layers_of(host, "v1") == saved.layers


def test_the_events_tell_blobs_then_the_manifest_then_the_tags(registry: StartRegistry) -> None:
    push = Push(registry().host)
    receipt = push(image(), "a", "b")
    kinds = [type(event) for event in push.events]
    assert kinds == [BlobPushed] * 4 + [ManifestPushed, TagMoved, TagMoved]
    assert [event.tag for event in push.events if isinstance(event, TagMoved)] == ["a", "b"]
    assert {event.digest for event in push.events if isinstance(event, TagMoved)} == {str(receipt.digest)}


def test_an_unchanged_image_is_not_exported_again(registry: StartRegistry, tmp_path: Path) -> None:
    push = Push(registry().host, memory=tmp_path)
    saved = image()
    first = push(saved, "v1")
    second = push(saved, "v1", "v2")
    assert push.shelf.exports == 1
    assert second.digest == first.digest
    assert second.uploaded == 0
    assert [(tag.name, tag.moved) for tag in second.tags] == [("v1", False), ("v2", True)]


def test_without_a_memory_the_same_image_becomes_the_same_digest_and_nothing_travels(
    registry: StartRegistry,
) -> None:
    push = Push(registry().host)
    saved = image()
    first, second = push(saved, "v1"), push(saved, "v1")
    assert (second.digest, second.uploaded) == (first.digest, 0)


@pytest.mark.parametrize("size", [4096, 33_545, 1 << 20, 5_000_000])
def test_the_digest_does_not_depend_on_how_the_export_is_cut(registry: StartRegistry, size: int) -> None:
    saved = Saved([layer(words=b"".join(b"word %d " % n for n in range(400_000)))])
    host = registry().host
    expected = Push(host)(saved, "v1").digest
    assert Push(host, shelf=Shelf(size=size), name="team/other")(saved, "v1").digest == expected


def test_only_a_changed_layer_travels(registry: StartRegistry, tmp_path: Path) -> None:
    push = Push(registry().host, memory=tmp_path)
    old = image(b"x")
    push(old, "v1")
    new = Saved([old.layers[0], layer(app=b"y" * 5000), old.layers[2]])
    receipt = push(new, "v2")
    assert sorted(one.how for one in receipt.blobs) == ["existing", "existing", "uploaded", "uploaded"]
    assert layers_of(push.host, "v2") == new.layers


def test_a_remembered_blob_that_the_registry_lost_is_sent_again(
    registry: StartRegistry, tmp_path: Path
) -> None:
    saved = image()
    Push(registry().host, memory=tmp_path)(saved, "v1")
    other = Push(registry().host, memory=tmp_path)  # it remembers, this registry is empty
    receipt = other(saved, "v1")
    assert {one.how for one in receipt.blobs} == {"uploaded"}
    assert layers_of(other.host, "v1") == saved.layers


def test_a_memory_that_lies_harms_nothing(registry: StartRegistry, tmp_path: Path) -> None:
    push = Push(registry().host, memory=tmp_path)
    push(image(b"x"), "v1")
    for remembered in (tmp_path / "place").iterdir():
        remembered.write_text(f"sha256:{'0' * 64}")
    for remembered in (tmp_path / "layer").iterdir():
        remembered.write_bytes(b"{")
    new = image(b"y")
    push(new, "v2")
    assert layers_of(push.host, "v2") == new.layers


@pytest.mark.parametrize("known", [True, False])
def test_a_remembered_manifest_of_another_image_is_not_believed(
    registry: StartRegistry, tmp_path: Path, known: bool
) -> None:
    push = Push(registry().host, memory=tmp_path)
    other, tested = image(b"x"), image(b"y")
    forged = stored(push.host, "team/app", str(push(other, "other").digest))
    (kept,) = (tmp_path / "manifest").iterdir()
    raw = kept.read_bytes()
    honest = push(tested, "v1")
    for path in (tmp_path / "manifest").iterdir():
        path.write_bytes(raw)
    to = push if known else Push(registry().host, memory=tmp_path)
    receipt = to(tested, "v1")
    assert receipt.digest == honest.digest
    assert stored(to.host, "team/app", "v1")["config"] != forged["config"]


def test_a_remembered_manifest_without_all_layers_is_not_believed(
    registry: StartRegistry, tmp_path: Path
) -> None:
    push = Push(registry().host, memory=tmp_path)
    tested = image()
    honest = push(tested, "v1")
    (path,) = (tmp_path / "manifest").iterdir()
    assert (path.parent.stat().st_mode & 0o777, tmp_path.stat().st_mode & 0o777) == (0o700, 0o700)
    found = json.loads(path.read_bytes())
    found["layers"] = found["layers"][:1]
    path.write_text(json.dumps(found))
    with push.registry() as client:
        manifests.put(client, "forged", parse_manifest(path.read_bytes()))
    receipt = push(tested, "v1")
    assert (receipt.digest, push.shelf.exports) == (honest.digest, 2)
    assert len(receipt.blobs) == 4


def test_a_layer_remembered_at_the_place_of_another_is_read_again(
    registry: StartRegistry, tmp_path: Path
) -> None:
    push = Push(registry().host, memory=tmp_path)
    old = image()
    push(old, "v1")
    new = Saved([*old.layers, layer(more=b"m")])
    for path in (tmp_path / "place").iterdir():
        path.write_text(old.diff_ids[0])
    wrong = Saved([old.layers[0], old.layers[1], layer(noise=b"other")])
    # The third layer's place is remembered as one that is there already.
    key = sha256(wrong.entries[8][0].encode()).hexdigest()[:40]
    (tmp_path / "place" / key).write_text(old.diff_ids[0])
    push(wrong, "v2")
    assert layers_of(push.host, "v2") == wrong.layers
    push(new, "v3")
    assert layers_of(push.host, "v3") == new.layers


def test_the_config_of_another_image_stops_the_push_before_the_manifest(registry: StartRegistry) -> None:
    push = Push(registry().host)
    tested = image()
    other = Saved(tested.layers, command="evil")
    push.shelf.saved[tested.image_id] = other
    with pytest.raises(CtrCiError):
        push(tested, "v1")
    assert tags(push.host, "team/app") == []


def test_a_layer_that_is_not_the_tested_images_stops_the_push_and_is_named(
    registry: StartRegistry,
) -> None:
    push = Push(registry().host)
    saved = image()
    evil = layer(app=b"evil")
    saved.entries[2] = (saved.entries[2][0], evil)
    with pytest.raises(WorldError, match=digest(evil)):
        push(saved, "v1")
    assert tags(push.host, "team/app") == []
    with push.registry() as client:
        assert not blobs.has(client, Digest.parse(digest(evil)))


def test_a_cut_export_leaves_no_manifest(registry: StartRegistry) -> None:
    for share in (0.2, 0.5, 0.9, 0.98):
        push = Push(registry().host, shelf=Shelf(cut=lambda raw, share=share: raw[: int(len(raw) * share)]))  # type: ignore[misc]
        with pytest.raises(InputError):
            push(image(), "v1")
        assert tags(push.host, "team/app") == []


def test_an_image_that_is_gone_is_told_as_that(registry: StartRegistry) -> None:
    push = Push(registry().host, stock=False)
    saved = image()
    with pytest.raises(Refused, match="no longer present"):
        push(saved, "v1")
    assert tags(push.host, "team/app") == []


def test_a_tag_that_must_stay_is_refused_before_anything_is_sent(registry: StartRegistry) -> None:
    push = Push(registry().host)
    first = push(image(b"x"), "v1")
    push.keep = frozenset({"v1"})
    second = image(b"y")
    with pytest.raises(Refused) as refusal:
        push(second, "v1")
    assert str(first.digest) in str(refusal.value)
    assert second.image_id in str(refusal.value)
    assert push.shelf.exports == 1


def test_a_tag_that_must_stay_may_be_pushed_again_with_the_same_image(registry: StartRegistry) -> None:
    push = Push(registry().host, keep=frozenset({"v1"}))
    saved = image()
    first = push(saved, "v1")
    assert push(saved, "v1").digest == first.digest


def test_blobs_are_mounted_from_a_named_repository(registry: StartRegistry, tmp_path: Path) -> None:
    started = registry("token")
    saved = image()
    to(started, tmp_path, "team/base")(saved, "v1")
    push = to(started, tmp_path, "team/app")
    push.mounts = ("team/base",)
    receipt = push(saved, "v1")
    assert {one.how for one in receipt.blobs} == {"mounted"}
    assert push.shelf.exports == 0


def test_a_mount_that_is_not_granted_falls_back_to_an_upload(registry: StartRegistry, tmp_path: Path) -> None:
    started = registry("token")
    saved = image()
    to(started, tmp_path, "team/base")(saved, "v1")
    assert started.tokens
    started.tokens.grants = {"team/app": frozenset({"pull", "push"}), "": frozenset()}
    push = to(started, tmp_path, "team/app")
    push.mounts = ("team/base",)
    assert {one.how for one in push(saved, "v1").blobs} == {"uploaded"}


def test_annotations_make_an_oci_manifest_and_leave_the_image_as_it_is(registry: StartRegistry) -> None:
    saved = image()
    push = Push(registry().host, annotations=(("org.opencontainers.image.revision", "abc"),))
    push(saved, "v1")
    found = stored(push.host, "team/app", "v1")
    assert found["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    assert found["annotations"] == {"org.opencontainers.image.revision": "abc"}
    assert found["config"]["digest"] == saved.image_id  # type: ignore[index]
    assert found["config"]["mediaType"] == "application/vnd.oci.image.config.v1+json"  # type: ignore[index]


def test_a_tag_that_somebody_moves_meanwhile_is_reported(
    registry: StartRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    push = Push(registry().host)
    foreign = push(image(b"f"), "theirs")
    with push.registry() as client:
        manifest = manifests.get(client, str(foreign.digest))
    assert manifest
    real = manifests.put

    def put_and_be_overtaken(registry: Registry, selector: str, sent: Manifest | Index) -> object:
        answer = real(registry, selector, sent)
        if selector == "v1":
            real(registry, "v1", manifest)
        return answer

    monkeypatch.setattr(manifests, "put", put_and_be_overtaken)
    with pytest.raises(WorldError, match=str(foreign.digest)):
        push(image(b"y"), "v1")


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("|1 NPM_TOKEN=abc123 /bin/sh -c npm install", "NPM_TOKEN"),
        ("RUN |2 VERSION=1 db_password=abc123 /bin/sh -c make # buildkit", "db_password"),
    ],
)
def test_a_secret_build_argument_in_the_history_is_refused_by_name(
    registry: StartRegistry, line: str, name: str
) -> None:
    push = Push(registry().host)
    saved = Saved([layer(app=b"app")], history=["/bin/sh -c #(nop) CMD", line])
    with pytest.raises(Refused, match=f"build argument {name} ") as refusal:
        push(saved, "v1")
    assert "abc123" not in str(refusal.value)
    assert tags(push.host, "team/app") == []
    push.harmless = frozenset({name})
    push(saved, "v1")


@pytest.mark.parametrize(
    "line", ["|1 TOKEN_COUNT= /bin/sh -c x", "|1 MONKEY=x /bin/sh -c x", "RUN SECRET=1 make", "COPY a b"]
)
def test_other_lines_of_the_history_are_nobodys_secret(registry: StartRegistry, line: str) -> None:
    Push(registry().host)(Saved([layer(app=b"app")], history=[line]), "v1")


def test_zstd_layers_come_in_an_oci_manifest_and_back_as_they_were(
    registry: StartRegistry, tmp_path: Path
) -> None:
    push = Push(registry().host, packing=zstd(), memory=tmp_path)
    saved = image()
    first = push(saved, "v1")
    found = stored(push.host, "team/app", "v1")
    assert found["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    plain = []
    for one in found["layers"]:  # type: ignore[attr-defined]
        assert one["mediaType"] == "application/vnd.oci.image.layer.v1.tar+zstd"
        unpacked = ZstdDecompressor().decompressobj()
        plain.append(unpacked.decompress(blob(push.host, "team/app", one["digest"])))
    assert plain == saved.layers
    push.packing = GZIP
    second = push(saved, "v2")  # never the blobs of the other packing
    assert second.digest != first.digest
    assert layers_of(push.host, "v2") == saved.layers


def test_a_gzip_blob_has_no_name_and_no_time(registry: StartRegistry) -> None:
    host = registry().host
    Push(host)(image(), "v1")
    for one in stored(host, "team/app", "v1")["layers"]:  # type: ignore[attr-defined]
        head = blob(host, "team/app", one["digest"])[:10]
        assert head[:4] == b"\x1f\x8b\x08\x00"
        assert head[4:8] == b"\0\0\0\0"


def test_a_large_layer_is_known_wherever_the_engine_keeps_it(registry: StartRegistry, tmp_path: Path) -> None:
    push = Push(registry().host, memory=tmp_path)
    old = image()
    push(old, "v1")
    new = Saved([layer(below=b"moves the others up"), *old.layers])
    receipt = push(new, "v2")
    assert layers_of(push.host, "v2") == new.layers
    assert sum(one.size for one in receipt.blobs if one.how == "uploaded") < 5_000


def test_a_layer_of_the_same_size_is_told_by_its_hash(registry: StartRegistry, tmp_path: Path) -> None:
    push = Push(registry().host, memory=tmp_path)
    old = Saved([layer(noise=os.urandom(2_000_000))])
    push(old, "v1")
    new = Saved([*old.layers, layer(noise=os.urandom(2_000_000))])
    push(new, "v2")
    assert push.shelf.exports == 3
    assert layers_of(push.host, "v2") == new.layers
