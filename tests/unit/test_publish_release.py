"""What may leave: by evidence, or by saying so."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

import ctr_ci
from ctr_ci.gate import Policy
from ctr_ci.problem import Exit, InputError, Refused
from ctr_ci.publish import releases
from ctr_ci.record import ImageRecord
from testbed.pushing import record_of
from testbed.saved import Saved, layer

SAVED = Saved([layer(a=b"a")])
RECORD = record_of(SAVED.image_id)


def test_a_tested_image_is_released_with_who_tested_it() -> None:
    (found,) = releases(RECORD, Policy())
    assert str(found.image_id) == SAVED.image_id
    assert found.verified
    assert any("smoke" in test for test in found.tested_by)
    assert found.build_id == "b-1"


@pytest.mark.parametrize("status", ["FAILURE", "TIMEOUT", "CANCELLED", "INTERNAL_ERROR", "UNFINISHED"])
def test_a_build_that_did_not_succeed_releases_nothing(status: str) -> None:
    with pytest.raises(Refused, match=status) as refusal:
        releases(replace(RECORD, status=status), Policy())
    assert refusal.value.exit == Exit.NO


def test_a_tag_that_moved_to_another_image_releases_only_what_was_tested() -> None:
    """The name points at B by now, and no step ran B."""
    other = f"sha256:{'b' * 64}"
    moved = replace(RECORD, images=(ImageRecord(RECORD.images[0].name, other, ()),))
    with pytest.raises(Refused, match="may not be pushed"):
        releases(moved, Policy())


def test_one_untested_image_holds_back_all() -> None:
    other = ImageRecord("gcr.io/p/other", f"sha256:{'c' * 64}", ())
    both = replace(RECORD, images=(*RECORD.images, other))
    with pytest.raises(Refused, match=r"gcr\.io/p/other"):
        releases(both, Policy())
    (found,) = releases(both, Policy(), RECORD.images[0].name)
    assert str(found.image_id) == SAVED.image_id


@pytest.mark.parametrize("length", [12, 20, 64])
def test_an_image_is_picked_by_its_id_or_the_beginning_of_it(length: int) -> None:
    assert len(releases(RECORD, Policy(), SAVED.image_id[7 : 7 + length])) == 1
    assert len(releases(RECORD, Policy(), SAVED.image_id[: 7 + length])) == 1


def test_an_image_that_the_record_does_not_know_is_the_users_mistake() -> None:
    for wanted in ("other", SAVED.image_id[7:12]):
        with pytest.raises(InputError, match="has no image"):
            releases(RECORD, Policy(), wanted)
    with pytest.raises(InputError, match="has no images"):
        releases(replace(RECORD, images=()), Policy())


def test_releases_are_made_in_one_module_only() -> None:
    package = Path(ctr_ci.__file__).parent
    makers = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Release"
    }
    assert makers == {"publish/release.py"}
