"""Digests, names and manifests: parsed strictly, bytes kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctr_ci.oci import (
    Descriptor,
    Digest,
    Index,
    Manifest,
    Reference,
    Repository,
    check_tag,
    image_manifest,
    media,
    parse_manifest,
)
from ctr_ci.problem import InputError

HEX = "a" * 64


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256:",
        f"sha256:{HEX[1:]}",
        f"sha256:{HEX}0",
        f"SHA256:{HEX}",
        f"sha256:{'A' * 64}",
        HEX,
        "md5:aa",
    ],
)
def test_what_is_no_whole_digest_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        Digest.parse(text)


def test_a_digest_reads_as_it_is_written() -> None:
    assert str(Digest.parse(f"sha256:{HEX}")) == f"sha256:{HEX}"
    assert Digest.of(b"{}").hex == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize(
    ("text", "host", "name", "tag", "digest"),
    [
        ("busybox", "docker.io", "library/busybox", None, None),
        ("team/app:1", "docker.io", "team/app", "1", None),
        ("index.docker.io/team/app", "docker.io", "team/app", None, None),
        ("localhost/app", "localhost", "app", None, None),
        ("127.0.0.1:5000/a/b__c:v1.0", "127.0.0.1:5000", "a/b__c", "v1.0", None),
        ("[::1]:5000/app", "[::1]:5000", "app", None, None),
        (f"gcr.io/p/app:t@sha256:{HEX}", "gcr.io", "p/app", "t", f"sha256:{HEX}"),
        ("h.example:443/x", "h.example:443", "x", None, None),
    ],
)
def test_a_reference_has_its_parts(
    text: str, host: str, name: str, tag: str | None, digest: str | None
) -> None:
    found = Reference.parse(text)
    assert (found.repository.host, found.repository.name, found.tag) == (host, name, tag)
    assert (str(found.digest) if found.digest else None) == digest
    assert Reference.parse(str(found)) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h.example/",
        "h.example/A",
        "h.example/a//b",
        "h.example/-a",
        "h.example/a_-b",
        "h.example/a:",
        "h.example/a@x",
    ],
)
def test_a_broken_reference_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        Reference.parse(text)


def test_capital_letters_are_told_with_the_right_name() -> None:
    with pytest.raises(InputError, match=r"did you mean h\.example/team/app\?"):
        Repository.parse("h.example/Team/App")


def test_a_name_has_at_most_255_characters() -> None:
    Repository.parse("h.example/" + "a" * 245)
    with pytest.raises(InputError, match="256 characters"):
        Repository.parse("h.example/" + "a" * 246)


@given(st.text(max_size=140))
def test_a_tag_is_what_the_grammar_says(text: str) -> None:
    allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
    right = 0 < len(text) <= 128 and set(text) <= set(allowed) and text[0] not in ".-"
    if right:
        assert check_tag(text) == text
    else:
        with pytest.raises(InputError):
            check_tag(text)


def made() -> Manifest:
    config = Descriptor(media.DOCKER_CONFIG, Digest.of(b"config"), 6)
    layers = tuple(Descriptor(media.DOCKER_LAYER_GZIP, Digest.of(b"%d" % n), n) for n in range(2))
    return image_manifest(config, layers)


def test_a_manifest_is_written_as_docker_writes_it() -> None:
    raw = made().raw.decode()
    assert raw.startswith('{\n   "schemaVersion": 2,\n   "mediaType": "application/vnd.docker.distribution')
    assert list(json.loads(raw)) == ["schemaVersion", "mediaType", "config", "layers"]
    assert list(json.loads(raw)["config"]) == ["mediaType", "size", "digest"]


def test_a_manifest_keeps_the_bytes_that_were_read() -> None:
    odd = made().raw.replace(b"\n   ", b"\n\t") + b"\n"
    found = parse_manifest(odd)
    assert found.raw == odd
    assert found.digest == Digest.of(odd)
    assert isinstance(found, Manifest)
    assert found.layers == made().layers


def test_the_families_do_not_meet() -> None:
    config = Descriptor(media.DOCKER_CONFIG, Digest.of(b"config"), 6)
    with pytest.raises(InputError):
        image_manifest(config, (), (("a", "b"),))


def test_an_index_is_told_from_a_manifest() -> None:
    raw = b'{"schemaVersion":2,"manifests":[]}'
    assert isinstance(parse_manifest(raw), Index)
    assert isinstance(parse_manifest(raw, f"{media.DOCKER_LIST}; charset=utf-8"), Index)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b'{"schemaVersion":1,"mediaType":"application/vnd.docker.distribution.manifest.v1+prettyjws"}',
        b'{"mediaType":"application/vnd.oci.image.manifest.v1+json"}',
        b'{"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"x","size":-1,"digest":"y"}}',
        b'{"mediaType":5}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_manifest_is_refused_in_words(raw: bytes) -> None:
    with pytest.raises(InputError) as error:
        parse_manifest(raw)
    assert error.value.problems[0].found


def test_a_manifest_over_four_megabytes_is_not_made() -> None:
    config = Descriptor(media.OCI_CONFIG, Digest.of(b"config"), 6)
    with pytest.raises(InputError, match="at most"):
        image_manifest(config, (), (("note", "x" * 4_200_000),))
