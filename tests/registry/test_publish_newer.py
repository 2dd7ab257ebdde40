"""`--only-if-newer` on a real registry: a tag moves forward, or stays and the receipt says why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import StartRegistry
from ctr_ci.events import Noted, TagMoved
from ctr_ci.publish import Receipt
from ctr_ci.registry import manifests
from testbed.pushing import Push, ctr_ci, stored
from testbed.saved import Saved, layer

VERSION = "org.opencontainers.image.version"
EARLY, LATE = "2025-01-01T00:00:00Z", "2025-02-01T12:30:00.123456789Z"


def image(created: str = "", version: str = "") -> Saved:
    labels = {VERSION: version} if version else {}
    return Saved([layer(app=f"{created} {version}".encode())], created=created, labels=labels)


def pushed(host: str, first: Saved, second: Saved) -> tuple[Receipt, Receipt, Push]:
    push = Push(host, only_if_newer=True)
    return push(first, "latest"), push(second, "latest"), push


@pytest.mark.parametrize(
    ("there", "ours"),
    [
        (image(EARLY), image(LATE)),
        (image(LATE, "1.9.0"), image(EARLY, "1.10.0")),
        (image(LATE, "v2.0.0-rc.9"), image(EARLY, "2.0.0-rc.10")),
        (image(LATE, "2.0.0-rc.1"), image(EARLY, "2.0.0")),
        (image(EARLY, "2.0.0"), image(LATE, "2.0.0")),
        (image(EARLY, "9.0.0"), image(LATE, "nightly")),
    ],
)
def test_a_tag_moves_where_what_it_points_at_is_older(
    registry: StartRegistry, there: Saved, ours: Saved
) -> None:
    first, second, _ = pushed(registry().host, there, ours)
    assert [(tag.previous, tag.moved, tag.kept) for tag in second.tags] == [(first.digest, True, "")]


@pytest.mark.parametrize(
    ("there", "ours", "why"),
    [
        (image(LATE), image(EARLY), "it was built at 2025-02-01T12:30:00Z, this at 2025-01-01T00:00:00Z"),
        (image(EARLY, "2.0.0"), image(LATE, "1.9.3"), "it is version 2.0.0, this is 1.9.3"),
        (image(EARLY, "2.0.0"), image(LATE, "2.0.0-rc.1"), "it is version 2.0.0, this is 2.0.0-rc.1"),
        (image(EARLY, "1.0.0-beta"), image(LATE, "1.0.0-2"), "it is version 1.0.0-beta, this is 1.0.0-2"),
        (image(EARLY), image(EARLY, "1.0.0"), "both were built at 2025-01-01T00:00:00Z"),
        (image(), image(LATE), "what it points at tells neither a version to compare nor when it was built"),
        (
            image(LATE),
            image("1970-01-01T00:00:00Z"),
            "this image tells neither a version to compare nor when it was built",
        ),
    ],
)
def test_a_tag_stays_at_what_is_not_older_and_the_receipt_says_why(
    registry: StartRegistry, there: Saved, ours: Saved, why: str
) -> None:
    host = registry().host
    first, second, push = pushed(host, there, ours)
    assert [(tag.previous, tag.moved, tag.kept) for tag in second.tags] == [(first.digest, False, why)]
    assert not any(isinstance(event, TagMoved) for event in push.events)
    (note,) = [event.text for event in push.events if isinstance(event, Noted)]
    assert note == f"tag latest is kept at {first.digest}: {why}"
    with push.registry() as client:
        assert manifests.digest_of(client, "latest") == first.digest
    assert stored(host, "team/app", str(second.digest))["config"]["digest"] == ours.image_id  # type: ignore[index]


def test_the_manifests_annotation_says_the_version_too(registry: StartRegistry) -> None:
    push = Push(registry().host, only_if_newer=True, annotations=((VERSION, "3.0.0"),))
    push(image(EARLY), "latest")
    push.annotations = ((VERSION, "v2.9.9"),)
    receipt = push(image(LATE), "latest", "2.9.9")
    assert [(tag.name, tag.moved, tag.kept) for tag in receipt.tags] == [
        ("latest", False, "it is version 3.0.0, this is 2.9.9"),
        ("2.9.9", True, ""),
    ]


def test_the_command_ends_well_and_its_receipt_says_kept(registry: StartRegistry, tmp_path: Path) -> None:
    to = f"{registry().host}/team/app"

    def publish(saved: Saved, *more: str) -> str:
        (tmp_path / "image.tar").write_bytes(saved.archive())
        done = ctr_ci(
            *("publish", "--archive", "image.tar", "--unverified", "--to", to, "--tag", "v1"),
            *("--only-if-newer", *more),
            folder=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    first = json.loads(publish(image(LATE), "--format", "json"))
    assert first["tags"] == [
        {"name": "v1", "previous_digest": None, "moved": True, "kept": False, "because": None}
    ]
    why = "it was built at 2025-02-01T12:30:00Z, this at 2025-01-01T00:00:00Z"
    second = json.loads(publish(image(EARLY), "--format", "json"))
    assert second["tags"] == [
        {"name": "v1", "previous_digest": first["digest"], "moved": False, "kept": True, "because": why}
    ]
    assert f"v1 (kept at {first['digest']}: {why})" in publish(image(EARLY))
    assert "only where it points at something older" in publish(image(EARLY), "--dry-run")
