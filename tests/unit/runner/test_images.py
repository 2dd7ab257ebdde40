"""Names of builder images and their stand-ins."""

from __future__ import annotations

import pytest

from ctr_ci.engine import Engine, Image
from ctr_ci.plan import Step
from ctr_ci.problem import WorldError
from ctr_ci.runner import Builders
from ctr_ci.runner.images import resolve, untagged


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


class Bare:
    """An engine without any image."""

    def image(self, reference: str) -> Image | None:
        return None


@pytest.mark.parametrize(
    ("image", "stand_ins", "way_out"),
    [
        ("gcr.io/p/helm:v3", {}, "--builder gcr.io/p/helm=alpine/helm"),
        ("gcr.io/p/own", {}, "--builder gcr.io/p/own=IMAGE"),
        ("gcr.io/p/helm", {"helm": "mine"}, "--builder gcr.io/p/helm=IMAGE"),
    ],
)
def test_an_image_that_cannot_be_had_comes_with_what_may_stand_in(
    image: str, stand_ins: dict[str, str], way_out: str
) -> None:
    step = Step(3, "", image, None, None, None, (), (), "/workspace", (), frozenset())
    engine: Engine = Bare()  # type: ignore[assignment]
    with pytest.raises(WorldError) as raised:
        resolve(step, engine, Builders("never", stand_ins), lambda _: False, print, lambda: False)
    [problem] = raised.value.problems
    assert problem.found.startswith(f'build step 3 "{image}" failed: no image {stand_ins.get("helm", image)}')
    assert problem.help.endswith(way_out)
