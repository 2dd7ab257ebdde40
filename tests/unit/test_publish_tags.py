"""Tags from templates: the rows of a table."""

from __future__ import annotations

import pytest

from ctr_ci.problem import InputError
from ctr_ci.publish import Facts

SHA = "0123456789abcdef0123456789abcdef01234567"
NOW = 1_764_036_000.0  # 2025-11-25 02:00 UTC


def tags(*templates: str, facts: Facts, existing: tuple[str, ...] = ()) -> list[str]:
    return list(facts.tags(templates, lambda: existing))


@pytest.mark.parametrize(
    ("tag", "existing", "expected"),
    [
        ("v1.2.3", (), ["1.2.3", "1.2", "1", "latest"]),
        ("1.2.3", ("1.2.2", "latest"), ["1.2.3", "1.2", "1", "latest"]),
        ("v1.2.3", ("1.2.3",), ["1.2.3", "1.2", "1", "latest"]),
        ("v2.0.0-rc.1", (), ["2.0.0-rc.1"]),
        ("v2.0.0-rc.1", ("1.0.0",), ["2.0.0-rc.1"]),
        ("v1.9.9", ("1.9.8", "2.0.0"), ["1.9.9", "1.9", "1"]),
        ("v1.8.5", ("1.8.4", "1.9.0", "2.0.0"), ["1.8.5", "1.8"]),
        ("v1.8.3", ("1.8.4",), ["1.8.3"]),
        ("v1.9.9", ("2.0.0-rc.1",), ["1.9.9", "1.9", "1", "latest"]),
        ("v0.3.1", (), ["0.3.1", "0.3", "latest"]),
        ("v1.10.0", ("1.9.0",), ["1.10.0", "1.10", "1", "latest"]),
        ("v1.2.3+build.5", (), ["1.2.3", "1.2", "1", "latest"]),
        ("nightly", (), []),
        ("v1.2", (), []),
        ("", (), []),
    ],
)
def test_a_version_becomes_the_names_that_it_is_the_newest_of(
    tag: str, existing: tuple[str, ...], expected: list[str]
) -> None:
    assert tags("type=semver", existing=existing, facts=Facts(tag=tag)) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("type=semver,pattern={{major}}.{{minor}},latest=false", ["1.2"]),
        ("type=semver,pattern={{raw}}", ["v1.2.3", "latest"]),
        ("type=semver,pattern={{version}},prefix=app-,latest=false", ["app-1.2.3"]),
        ("type=semver,value=v3.0.0,pattern={{version}},latest=false", ["3.0.0"]),
        ("type=sha", ["sha-0123456"]),
        ("type=sha,format=long", [f"sha-{SHA}"]),
        ("type=ref,event=branch", ["feat-x-y"]),
        ("type=ref,event=tag", ["v1.2.3"]),
        ("type=ref,event=pr", ["pr-7"]),
        ("type=raw,value=stable", ["stable"]),
        ("type=raw,value={{branch}}-{{sha}}", ["feat-x-y-0123456"]),
        ("type=schedule", ["nightly"]),
        ("type=schedule,pattern={{date 'YYYYMMDD'}}", ["20251125"]),
        ("type=edge,branch=feat/x y", ["edge"]),
        ("type=edge", []),
        (r"type=match,pattern=v(\d+),group=1", ["1"]),
        (r"type=match,pattern=q(\d+)", []),
        ("plain", ["plain"]),
        ("{{branch}}-{{sha}}", ["feat-x-y-0123456"]),
        ("{{version}}-{{date 'YYYY-MM-DD'}}", ["1.2.3-2025-11-25"]),
    ],
)
def test_each_kind_of_template(template: str, expected: list[str]) -> None:
    facts = Facts("feat/x y", "v1.2.3", SHA, "7", "schedule", now=NOW)
    assert tags(template, facts=facts) == expected


def test_tags_come_in_order_and_once() -> None:
    assert tags("b", "a", "b", "type=sha", facts=Facts(sha=SHA)) == ["b", "a", "sha-0123456"]


def test_what_exists_is_asked_for_only_when_it_matters_and_once() -> None:
    asked = []

    def existing() -> tuple[str, ...]:
        asked.append(1)
        return ()

    Facts(sha=SHA, tag="v1.0.0").tags(("a", "type=sha"), existing)
    assert asked == []
    Facts(tag="v1.0.0").tags(("type=semver", "type=semver,pattern={{raw}}"), existing)
    assert asked == [1]


@pytest.mark.parametrize(
    "template",
    [
        "type=magic",
        "type=ref,event=moon",
        "type=ref",
        "type=sha",
        "{{branch}}",
        "{{nonsense}}",
        "type=match,pattern=(",
        "type=match,pattern=v,group=9",
        "a b",
        "-x",
        "a" * 129,
        "",
    ],
)
def test_a_template_that_cannot_be_filled_is_refused(template: str) -> None:
    with pytest.raises(InputError):
        tags(template, facts=Facts(tag="v1.0.0"))
