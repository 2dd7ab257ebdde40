"""Names of builder images and their stand-ins."""

from __future__ import annotations

import pytest

from ctr_ci.runner import Builders
from ctr_ci.runner.images import untagged


@pytest.mark.parametrize(
    ("reference", "bare"),
    [
        ("busybox", "busybox"),
        ("busybox:1", "busybox"),
        ("host:5000/a/b", "host:5000/a/b"),
        ("host:5000/a/b:1@sha256:" + "0" * 64, "host:5000/a/b"),
    ],
)
def test_a_reference_without_its_tag(reference: str, bare: str) -> None:
    assert untagged(reference) == bare


@pytest.mark.parametrize("name", ["gcr.io/p/helm:v3", "gcr.io/p/helm", "helm"])
def test_a_stand_in_is_found_by_any_of_its_names(name: str) -> None:
    assert Builders(stand_ins={name: "mine"}).stand_in("gcr.io/p/helm:v3") == "mine"


def test_the_exact_name_goes_before_the_short_one() -> None:
    builders = Builders(stand_ins={"helm": "short", "gcr.io/p/helm": "long"})
    assert builders.stand_in("gcr.io/p/helm:v3") == "long"
    assert builders.stand_in("helmet") is None
