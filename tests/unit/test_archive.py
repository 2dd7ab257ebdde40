"""Reading `docker save` archives and OCI layouts in one pass."""

from __future__ import annotations

import gzip
import json

import pytest

from ctr_ci.image import File, Passing, read
from ctr_ci.problem import InputError
from testbed.saved import Saved, digest, layer, oci, pieces, tar


def content(file: File, passing: Passing) -> bytes:
    return b"".join(map(bytes, passing))


def unread(file: File, passing: Passing) -> str:
    return file.name


def image() -> Saved:
    return Saved([layer(one=b"1" * 3000), layer(two=b"2" * 70_000), layer(three=b"")])


def test_the_layers_come_in_the_configs_order_with_their_bytes() -> None:
    saved = image()
    found = read(pieces(saved.archive(), 1000), content)
    assert [one.value for one in found.layers] == saved.layers
    assert [str(one.diff_id) for one in found.layers] == list(saved.diff_ids)
    assert str(found.config_digest) == saved.image_id


def test_the_order_in_the_archive_does_not_matter() -> None:
    saved = image()
    saved.entries.reverse()
    assert [one.value for one in read(pieces(saved.archive()), content).layers] == saved.layers


def test_a_repeated_layer_is_a_symlink_to_the_first() -> None:
    twice = layer(one=b"1")
    saved = Saved([twice, layer(two=b"2"), twice])
    assert [one.value for one in read(pieces(saved.archive()), content).layers] == saved.layers


def test_a_layer_left_unread_is_checked_all_the_same() -> None:
    saved = image()
    saved.replace("layer.tar", layer(other=b"3"))
    with pytest.raises(InputError, match="as the image's config says"):
        read(pieces(saved.archive()), unread)


def test_a_forgone_layer_is_neither_hashed_nor_compared() -> None:
    saved = image()
    saved.replace("layer.tar", layer(other=b"3"))
    found = read(pieces(saved.archive()), lambda file, passing: passing.forgo())
    assert [one.digest for one in found.layers] == [None] * len(saved.layers)
    assert [str(one.diff_id) for one in found.layers] == list(saved.diff_ids)


def test_a_layer_that_begins_like_json_is_a_layer() -> None:
    saved = Saved([b"{" + b"\0" * 1023])
    assert read(pieces(saved.archive()), content).layers[0].value == saved.layers[0]


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6, 0.8])
def test_a_cut_archive_is_refused(share: float) -> None:
    raw = image().archive()
    with pytest.raises(InputError):
        read(pieces(raw[: int(len(raw) * share)]), content)


def test_a_missing_layer_is_named() -> None:
    saved = image()
    name, _ = next(entry for entry in saved.entries if entry[0].endswith("layer.tar"))
    saved.entries = [entry for entry in saved.entries if entry[0] != name]
    with pytest.raises(InputError, match=name):
        read(pieces(saved.archive()), content)


def test_of_two_images_the_wanted_one_is_read() -> None:
    one, two = Saved([layer(a=b"a")]), Saved([layer(b=b"b")])
    both = json.loads(str(one.entries[-1][1], "utf-8")) + json.loads(str(two.entries[-1][1], "utf-8"))  # type: ignore[arg-type]
    raw = tar([*one.entries[:-1], *two.entries[:-1], ("manifest.json", json.dumps(both).encode())])
    assert str(read(pieces(raw), content, two.image_id).config_digest) == two.image_id
    with pytest.raises(InputError, match="2 images"):
        read(pieces(raw), content)


def test_bytes_that_are_no_archive_are_refused() -> None:
    for raw in (b"", b"hello" * 1000, tar([("README", b"x" * 10)])):
        with pytest.raises(InputError):
            read(pieces(raw), content)


def test_an_oci_layout_is_read_with_the_manifests_that_lead_to_the_image() -> None:
    saved = image()
    entries = list(oci(saved))
    found = read(pieces(tar(list(entries))), content)
    assert [gzip.decompress(one.value) for one in found.layers] == saved.layers
    assert all(one.compressed for one in found.layers)
    assert [digest(root) for root in found.roots] == [digest(entries[1][1]), digest(entries[0][1])]


def test_a_blob_of_a_layout_that_is_not_what_its_name_says_is_refused() -> None:
    entries = list(oci(image()))
    entries[2] = (entries[2][0], entries[2][1] + b" ")
    with pytest.raises(InputError, match="its name"):
        read(pieces(tar(list(entries))), content)
